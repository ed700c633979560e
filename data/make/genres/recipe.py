"""Recipes with ingredients and steps; a family is variants of one dish."""

from __future__ import annotations

import random
from collections.abc import Iterator

from data.make.draw import style, word
from data.make.invented import InventedDocument, Section, compose, read_topics
from data.make.tables import Table, TableForms, table_block, table_questions

TOPICS = """
# yield: Servings | For how many
n = int 2 12
t = span 15 90 minutes
> Enough for [[{n} people]]. You will be at work for [[time:{t}]].
> Serves [[{n} people]]; active time [[time:{t}]].
~ Leftovers taste good on the next day.
? For how many people is it{of}?
? servings{of}
? How many guests can I feed with it{of}?
?time How long is the active time{of}?
?time How long will I be standing in the kitchen{of}?
# oven: Baking | In the oven
t = int 150 250 5
m = span 12 95 minutes
r = lowest | middle | upper
> Bake at [[temp:{t} °C]] on the [[rack:{r} rack]] for [[{m}]].
> Put it on the [[rack:{r} rack]] of the oven, heated to [[temp:{t} °C]], and wait [[{m}]].
~ Ovens differ: keep an eye on it.
? How long is it baked{of}?
? baking time{of}
? When can I take it out of the oven{of}?
?temp At what temperature is it baked{of}?
?temp oven setting{of}
?temp How hot should the oven be{of}?
?rack On which rack is it baked{of}?
# rest: Resting | Let it rest
m = span 1 36 hours
w = in the fridge | under a damp cloth | in a warm corner | in an oiled bowl
> Leave it [[where:{w}]] for [[{m}]].
> Now it has to rest [[where:{w}]], for [[{m}]] or a little longer.
~ Do not hurry at this point.
? How long does it rest{of}?
? resting time{of}
? How long must I wait before going on{of}?
?where Where does it rest{of}?
# why: A tip | The secret
v = a spoonful of vinegar | cold water | a pinch of sugar | very hot fat | old bread
e = keeps the crust crisp | stops it from curdling | brings out the taste | makes it rise | binds the juice
> Use [[{v}]]: it [[why:{e}]].
> The secret is [[{v}]], which [[why:{e}]].
~ My grandmother swore by it.
? What is the secret of the dish{of}?
? tip{of}
?why Why is {v} used{of}?
?why What is {v} good for{of}?
# instead: Variations | If you have none
a = butter | eggs | milk | white wine | thyme | cream
b = olive oil | mashed banana | oat drink | apple juice | sage | soft cheese
> In place of {a} you can take [[{b}]].
> No {a}? [[{b}]] will do.
~ Taste before you add salt.
? What can I take instead of {a}{of}?
? substitute for {a}{of}
? I have run out of {a}. What now{of}?
# keep: Keeping | Storing
m = span 2 14 days
f = span 1 6 months
> It keeps for [[{m}]] in a tin, frozen for [[frozen:{f}]].
> In the fridge: [[{m}]]. In the freezer: [[frozen:{f}]].
~ Write the date on the box.
? How long does it keep{of}?
? shelf life{of}
?frozen How long can it be kept in the freezer{of}?
# serve: Serving
v = lentils | a green salad | boiled potatoes | plum compote | yoghurt with garlic
> Serve with [[{v}]].
> It goes well with [[{v}]].
~ Plates should be warm.
? What is served with it{of}?
? side dish{of}
? What goes well with it{of}?
# done: How to tell that it is done
v = the top is dark gold | a needle comes out clean | it sounds hollow when you knock | the edges come away from the tin
> It is done when [[{v}]].
> You know that it is ready as soon as [[{v}]].
~ Let it cool on a rack.
? How do I know that it is done{of}?
? doneness test{of}
? By what sign can one tell that it is ready{of}?
# first!: First steps | Preparation
a = soak the beans | toast the seeds | chop the onions | melt the fat | sift the flour
t = span 5 50 minutes
> To begin with, [[{a}]]; this takes [[time:{t}]].
> First [[{a}]] (about [[time:{t}]]).
~ Lay everything out beforehand.
? What is done first{of}?
? first step{of}
?time How long does the first step take{of}?
# padding: About the dish
> A dish from the hills around {place}, eaten on feast days.
~ Every village makes it in its own way.
~ Children like it too.
"""
INGREDIENTS = {
    "Flour": "g", "Butter": "g", "Sugar": "g", "Eggs": "", "Milk": "ml", "Onions": "", "Salt": "g", "Yeast": "g", "Carrots": "g", "Lentils": "g",
    "Walnuts": "g", "Raisins": "g", "Olive oil": "ml", "Tomatoes": "g", "Cream": "ml", "Beef": "g", "Barley": "g", "Cinnamon": "g", "Leeks": "g", "Rice": "g",
}  # fmt: skip
FORMS = TableForms(
    cell=(
        "How much {row} goes into it, {col}{of}?", "{row}, {col}{of}", "quantity of {row} {col}{of}", "What amount of {row} do I need ({col}){of}?",
        "I am at the shop: {row}, {col}, how much{of}?", "Which weight or number of {row} is listed, {col}{of}?",
    ),
    change=("How does the amount of {row} change, {col} and {col2}{of}?",),
)  # fmt: skip


def documents(rng: random.Random) -> Iterator[InventedDocument]:
    """Two or three variants of one dish."""
    shared, place = style(rng), word(rng)
    dish = rng.choice(("dumplings", "pie", "stew", "flat bread", "nut cake", "soup", "fritters", "gratin", "buns"))
    for variant in rng.sample(
        ("Winter", "Festive", "Quick", "Shepherd's", "Old-fashioned", "Spicy", "Children's", "Sunday"),
        rng.choice((2, 2, 3)),
    ):
        name = f"{variant} {dish}"
        title = rng.choice((f"{name} from {place}", f"Recipe: {name} ({place})"))
        of = (f" in the {name}", f" for {name}", f" with the {name}")
        shown = rng.sample(list(INGREDIENTS), rng.randint(5, 9))
        amounts = [rng.randrange(2, 12) if not INGREDIENTS[s] else rng.randrange(5, 600, 5) for s in shown]
        table = Table(
            owner=title,
            name="recipe.ingredients",
            head=("Ingredients", "for 4", "for 8"),
            rows=tuple(
                (s, f"{a} {INGREDIENTS[s]}".strip(), f"{2 * a} {INGREDIENTS[s]}".strip())
                for s, a in zip(shown, amounts, strict=True)
            ),
            called={
                "Butter": ("fat",),
                "Walnuts": ("nuts",),
                "Raisins": ("dried grapes",),
                "Beef": ("meat",),
                "for 4": ("four servings",),
                "for 8": ("eight servings",),
            },
        )
        yield compose(
            rng, genre="recipe", title=title, topics=read_topics(TOPICS), context={**shared, "place": place}, of=of, names=(name,),
            sections=[Section(heading=rng.choice(("Ingredients", "What you need")), blocks=(table_block(table, rng),))],
            questions=table_questions(table, FORMS, rng, of=of, names=(name,), count=6, absent_rows=[i for i in INGREDIENTS if i not in shown][:3]),
        )  # fmt: skip
