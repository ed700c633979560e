"""Abstracts, methods and results of studies in several fields; a family is one group's studies."""

from __future__ import annotations

import random
from collections.abc import Iterator

from data.make.draw import person, style, word
from data.make.invented import InventedDocument, Section, compose, read_topics
from data.make.tables import Table, TableForms, table_block, table_questions

TOPICS = """
# background!: Background | Introduction
gap = it was not known whether the effect lasts | earlier work rested on few cases | no one had compared the two side by side | field data were missing
> {subject} has drawn attention for years, yet [[{gap}]].
> Although {subject} is well described in textbooks, [[{gap}]].
> Why another study of {subject}? Because [[{gap}]].
~ Earlier studies came to mixed conclusions.
~ The literature was searched in three databases.
? What gap in knowledge did the authors see{of}?
? motivation of the study{of}
? Why was the study done{of}?
? What had nobody settled before{of}?
# question!: Aim | Objective | Research question
h = {factor} changes {outcome} | {outcome} can be predicted from {factor} | less of {factor} is enough for the same {outcome}
> We asked whether [[{h}]].
> The aim was to test if [[{h}]].
> Our hypothesis reads: [[{h}]].
~ The protocol was registered beforehand.
? What was the hypothesis{of}?
? research question{of}
? What did the authors want to find out{of}?
? Which claim is put to the test{of}?
# sample: Participants and material | Sample | Study population
n = int 18 4200
m = int 2 40
drop = int 1 17
inc = age above fifty | no earlier treatment | at least two seasons of records | written consent | a clean first measurement
> Of those approached, [[{n}]] took part at [[sites:{m} sites]]; [[drop:{drop}]] dropped out. Inclusion required [[inc:{inc}]].
> The sample comprised [[{n}]] cases from [[sites:{m} sites]], [[drop:{drop}]] of which were lost later. To be included, [[inc:{inc}]] was needed.
> N = [[{n}]] ([[sites:{m} sites]], [[drop:{drop}]] losses). We included whoever met one criterion: [[inc:{inc}]].
~ Recruitment took longer than planned.
~ A flow chart is given in the supplement.
? How many cases were studied{of}?
? sample size{of}
? How large was the group that was looked at{of}?
?sites At how many sites was data collected{of}?
?drop How many were lost to follow-up{of}?
?drop attrition{of}
?inc What was the inclusion criterion{of}?
?inc Who could be part of the study{of}?
# design: Design | Methods
d = a randomised trial with two arms | a cohort followed over time | a cross-over experiment | a survey by mail | a factorial experiment in split plots | an analysis of archived records
t = span 3 60 months
> The study was [[{d}]] and lasted [[time:{t}]].
> We ran [[{d}]]. Observation went on for [[time:{t}]].
> Design: [[{d}]]. Duration: [[time:{t}]].
~ Observers did not know which group they saw.
~ The ethics board had no objections.
? What design did the study have{of}?
? type of study{of}
? How was the investigation set up{of}?
?time How long did observation last{of}?
?time study duration{of}
# measure: Measurements | Instruments
i = a questionnaire of twelve items | a handheld spectrometer | weekly weighing | blood samples taken at dawn | a camera trap | a stopwatch and a scale of pain | tree rings
r = decimal 0.71 0.98 2
> {outcome} was measured by [[{i}]] (reliability [[rel:{r}]]).
> To record {outcome} we used [[{i}]], whose reliability is [[rel:{r}]].
~ Two raters worked independently.
? How was {outcome} measured{of}?
? instrument for {outcome}{of}
? What did they use to record {outcome}{of}?
?rel How reliable was the instrument{of}?
?rel reliability coefficient{of}
# statistics: Statistical analysis | Analysis
m = a mixed model with site as random effect | logistic regression | Cox regression | analysis of variance | a permutation test | a Bayesian hierarchical model
s = R 4 | Stata 17 | Python | SAS | Julia
> Data were analysed by [[{m}]] in [[soft:{s}]]. Missing values were [[miss:imputed]].
> We used [[soft:{s}]] to fit [[{m}]]; cases with missing values were [[miss:left out]].
~ The level of significance was five per cent.
? Which statistical method was used{of}?
? statistical model{of}
? By what calculation were the data evaluated{of}?
?soft Which software was used{of}?
?miss How were missing values treated{of}?
# result!: Results | Main result | Findings
v = percent 3 68
lo = decimal 0.1 2 2
hi = decimal 2.1 9 2
p = 0.001 | 0.004 | 0.012 | 0.03 | 0.21 | 0.48
> {factor} went with a change in {outcome} of [[{v}]] (95 % interval [[ci:{lo} to {hi}]], p = [[p:{p}]]).
> {outcome} differed by [[{v}]] between the groups; p = [[p:{p}]], 95 % CI [[ci:{lo}–{hi}]].
> The effect of {factor} on {outcome} amounted to [[{v}]] ([[ci:{lo}; {hi}]], p = [[p:{p}]]).
~ Secondary outcomes are given in the supplement.
~ No harm was observed.
? How large was the effect of {factor} on {outcome}{of}?
? effect size{of}
? By how much did {outcome} differ{of}?
? What did the study find about {factor}{of}?
?p What was the p-value{of}?
?p Was the main effect significant{of}?
?ci What is the confidence interval of the main effect{of}?
?ci 95 % CI main outcome{of}
# limits: Limitations | Weaknesses
l = the follow-up was short | only one region was studied | self-reports may be biased | the instrument drifts over time | the groups differed at the outset
> A weakness is that [[{l}]].
> Caution is called for, as [[{l}]].
> The findings have to be read knowing that [[{l}]].
~ A further study is planned.
? What limitation do the authors admit{of}?
? weaknesses of the study{of}
? Why should the findings be taken with care{of}?
# discussion!: Discussion | Conclusions
c = practice should change | more money should go into prevention | the old rule still holds | a larger trial is needed | {factor} deserves more attention in planning
why = because the effect was found at all sites | since costs are low | as the alternative does harm
> We conclude that [[{c}]], [[why:{why}]].
> In sum, [[{c}]]. We say this [[why:{why}]].
~ Others may see it otherwise.
? What do the authors conclude{of}?
? conclusion{of}
? What follows from the study according to its authors{of}?
?why On what ground is that conclusion drawn{of}?
?why What reason do the authors give for their advice{of}?
# funding: Funding | Acknowledgements
f = firm
v = money 20000 900000 5000
> Funded by [[who:{f}]] with [[{v}]].
> [[who:{f}]] gave [[{v}]]; it had no say in the design.
~ We thank all who took part.
?who Who paid for the study{of}?
?who funder{of}
? How much funding did the study receive{of}?
# data: Data availability
c = code
> Data can be had from the archive under [[{c}]].
> The data set is deposited as [[{c}]].
~ Code is available on request.
? Under what number is the data set archived{of}?
? data accession{of}
? Where could I get the raw numbers{of}?
# padding: Declarations
> The authors declare no conflict of interest.
~ All authors read the manuscript.
~ Two reviewers helped to improve the text.
"""
SUBJECTS = (
    ("sleep in night nurses", "evening light", "sleep duration"),
    ("hedges in farmland", "hedge density", "the number of beetles"),
    ("concrete with fly ash", "the share of fly ash", "compressive strength"),
    ("learning to read", "daily reading aloud", "reading speed"),
    ("hip surgery", "early walking", "days in hospital"),
    ("urban buses", "bus lanes", "travel time"),
    ("sourdough", "fermentation time", "loaf volume"),
    ("high blood pressure", "salt intake", "systolic pressure"),
    ("river trout", "shade", "water temperature"),
    ("small loans", "monthly meetings", "repayment"),
    ("tinnitus", "sound therapy", "annoyance"),
    ("solar cells", "cell temperature", "yield"),
    ("dairy herds", "grazing hours", "milk fat"),
    ("remote teams", "short daily calls", "staff turnover"),
    ("shoulder pain", "home exercise", "range of motion"),
)
FORMS = TableForms(
    cell=(
        "What was {row} in the {col} group{of}?", "{row}, {col} group{of}", "Which value had the {col} group for {row}{of}?",
        "In Table 1, what is {row} for {col}{of}?", "baseline {row} {col}{of}", "How did the {col} group start out in terms of {row}{of}?",
    ),
    change=("Did {col} and {col2} differ in {row}{of}?", "{row}: {col} versus {col2}{of}", "What gap was there between {col} and {col2} in {row}{of}?"),
)  # fmt: skip
ROWS = (
    "Mean age",
    "Women (%)",
    "Smokers (%)",
    "Duration (weeks)",
    "First measurement",
    "Second measurement",
    "Plots",
    "Adverse events",
    "Drop-outs",
)
CALLED = {
    "Mean age": ("average age", "how old they were on average"),
    "Women (%)": ("share of women",),
    "Adverse events": ("side effects",),
}


def documents(rng: random.Random) -> Iterator[InventedDocument]:
    """Two or three studies from one place."""
    shared, place = style(rng), word(rng)
    for subject, factor, outcome in rng.sample(SUBJECTS, rng.choice((2, 2, 3))):
        author = person(rng).split()[1]
        year = rng.randint(1998, 2026)
        title = rng.choice(
            (
                f"{subject[:1].upper()}{subject[1:]} and {factor}: {author} et al. ({year})",
                f"{author} et al. {year}. The {place} study of {subject}",
            )
        )
        of = (f" in the study of {subject}", f" in {author} et al.", f" in the work on {subject} by {author}")
        groups = rng.choice((("Control", "Treatment"), ("Low", "Medium", "High"), ("Group A", "Group B", "Group C")))
        shown = rng.sample(ROWS, rng.randint(4, 6))
        cells = [[rng.uniform(1, 80) for _ in groups] for _ in shown]
        table = Table(
            owner=title,
            name="paper.baseline",
            head=("", *groups),
            caption="Table 1. Groups compared",
            rows=tuple((s, *(f"{v:.1f}" for v in row)) for s, row in zip(shown, cells, strict=True)),
            values=tuple(map(tuple, cells)),
            called=CALLED,
        )
        sections = [
            Section(
                heading=rng.choice(("Results", "Baseline", "Characteristics of the groups")),
                blocks=(table_block(table, rng),),
            )
        ]
        asked = table_questions(
            table,
            FORMS,
            rng,
            of=of,
            names=(author, subject),
            count=5,
            absent_rows=[r for r in ROWS if r not in shown][:2],
        )
        yield compose(
            rng, genre="paper", title=title, topics=read_topics(TOPICS),
            context={**shared, "year": str(year), "subject": subject, "factor": factor, "outcome": outcome},
            of=of, names=(author, subject), sections=sections, questions=asked, numbering=("{n} {h}", "{h}", "{n}. {h}", "{up}"),
        )  # fmt: skip
