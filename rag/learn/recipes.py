"""The shipped models' training, stage by stage, and how marks teach: what is seen how often and learned how fast."""

from __future__ import annotations

from rag.learn.train_cross_encoder import PreciseRecipe

# The shipped model's stages: labels alone, then labels and the fast model's order.
FIRST_STAGE = PreciseRecipe(
    passes={
        "nq": 1,
        "openstax": 0.6,
        "openstax-definition": 0.6,
        "openstax-sentence": 0.1,
        "medquad": 0.3,
        "policyqa": 0.2,
        "synthetic-report": 0.15,
        "synthetic-handbook": 0.3,
    },
    learning_rate=1e-4,
    head_learning_rate=1e-3,
    warmup=0.04,
    final_learning_rate=0.6,
    stop_after=500,
    teacher_share=0.0,
    anchor=0.0,
    seed=11,
)
SECOND_STAGE = PreciseRecipe(
    passes={
        "nq": 1.2,
        "openstax": 0.42,
        "openstax-definition": 0.42,
        "medquad": 0.3,
        "policyqa": 0.07,
        "synthetic-report": 0.1,
        "synthetic-handbook": 0.2,
    },
    learning_rate=8e-5,
    head_learning_rate=3e-4,
    warmup=0.02,
    splice_rate=0.15,
    stop_after=100,
    teacher_share=0.5,
    seed=12,
)
THIRD_STAGE = PreciseRecipe(
    passes={
        "nq": 0.6,
        "openstax": 0.21,
        "openstax-definition": 0.21,
        "medquad": 0.15,
        "policyqa": 0.035,
        "synthetic-report": 0.06,
        "synthetic-handbook": 0.1,
    },
    learning_rate=8e-5,
    head_learning_rate=3e-4,
    warmup=0.02,
    splice_rate=0.15,
    teacher_share=0.5,
    seed=21,
)
# The longer run that ships: on from the third stage, everything seen more often.
FOURTH_STAGE = PreciseRecipe(
    passes={
        "nq": 2,
        "openstax": 0.6,
        "openstax-definition": 0.6,
        "medquad": 0.8,
        "policyqa": 0.5,
        "synthetic-report": 0.35,
        "synthetic-handbook": 0.5,
    },
    negatives=6,
    learning_rate=6e-5,
    head_learning_rate=2e-4,
    warmup=0.04,
    splice_rate=0.2,
    teacher_share=0.5,
    seed=31,
)
# A person's own marks: few and dear, so small steps, and invented lists on which the shipped model's scores are kept.
FEEDBACK_STAGE = PreciseRecipe(
    passes={"feedback": 3, "synthetic-report": 1, "synthetic-handbook": 1},
    learning_rate=3e-5,
    head_learning_rate=3e-5,
    warmup=0.1,
    teacher_share=0.7,
    seed=13,
)
