"""Advertisements and descriptions of jobs; a family is one employer's posts."""

from __future__ import annotations

import random
from collections.abc import Iterator

from data.make.draw import firm, style, word
from data.make.invented import InventedDocument, compose, read_topics

TOPICS = """
# tasks!: Your tasks | Duties
a = keep the accounts of three branches | repair pumps on site | plan routes for forty vans | teach beginners | answer letters of customers | guard the data centre
b = train apprentices | write a monthly report | order spare parts | look after visitors | stand in for the head of the team
> You will [[{a}]] and [[{b}]].
> The {job} has two main duties: to [[{a}]], and to [[{b}]].
> Tasks: [[{a}; {b}]].
~ No two days are alike here.
? What are the main duties{of}?
? tasks{of}
? What would I do all day{of}?
# need: What you bring | Requirements
a = a completed apprenticeship | a degree in any subject | a driving licence for lorries | a certificate in welding | good knowledge of French
y = span 1 8 years
> We ask for [[{a}]] and [[exp:{y}]] of experience.
> Required: [[{a}]]; experience of at least [[exp:{y}]].
~ Career changers are welcome.
? What qualification is required{of}?
? requirements{of}
? What must I have to stand a chance{of}?
?exp How much experience is asked for{of}?
?exp years of practice{of}
# pay: Pay | What we offer
v = money 1900 9800 50
g = code
> Pay: [[{v}]] a month (grade [[grade:{g}]]).
> The post is in grade [[grade:{g}]], which means [[{v}]] monthly.
~ There is a canteen.
? What does the job pay{of}?
? salary{of}
? How much will be on my payslip each month before tax{of}?
?grade In which grade is the post{of}?
# hours: Hours | Working time
n = decimal 15 40 1
s = in two shifts | from Monday to Thursday | mostly at night | with every third weekend
> [[{n} hours]] a week, [[how:{s}]].
> You work [[how:{s}]], [[{n} hours]] in all.
~ Overtime is paid.
? How many hours a week is the job{of}?
? weekly hours{of}
?how When does one work{of}?
?how Would I have free weekends{of}?
# start: Start and length
d = date
t = without limit | for two years | for a parental leave | until the project ends
> Start: [[day:{d}]]. The contract runs [[{t}]].
> From [[day:{d}]], [[{t}]].
~ An earlier start is possible.
?day When does the job begin{of}?
?day starting date{of}
? For how long is the contract{of}?
? Is the post permanent{of}?
# apply: How to apply | Your application
d = date
m = email
w = a letter and a CV | a CV only | a film of two minutes | copies of your certificates
> Send [[what:{w}]] to [[{m}]] by [[by:{d}]].
> Applications ([[what:{w}]]) are taken until [[by:{d}]] at [[{m}]].
~ Papers are not sent back.
? Where do I send my application{of}?
? address for applications{of}
?by When does the period for applications end{of}?
?by closing date{of}
?what What has to be sent in{of}?
?what application papers{of}
# who: Contact | Questions?
p = person
n = phone
> [[who:{p}]] answers questions on [[{n}]].
> If you want to know more, ring [[who:{p}]], [[{n}]].
~ We look forward to hearing from you.
?who Who answers questions{of}?
?who contact for applicants{of}
? Which number can I ring{of}?
# place: Place of work
p = place
r = one day | two days | three days | no days
> You work in [[{p}]], [[home:{r}]] a week at home.
> Place: [[{p}]]; home office: [[home:{r}]] weekly.
~ The station is near.
? Where is the place of work{of}?
?home How many days can one work at home{of}?
# why: Why the post is free
v = the present holder retires | the team grows | a new branch opens | somebody has moved up
> The post is to be filled because [[{v}]].
> We look for somebody since [[{v}]].
~ We are a family of colleagues.
? Why is the post free{of}?
? reason for the vacancy{of}
# team: The team
n = int 3 60
b = person
> You join a team of [[n:{n}]], led by [[who:{b}]].
> The team has [[n:{n}]] members; its head is [[who:{b}]].
~ We say first names to each other.
?n How large is the team{of}?
?who Who leads the team{of}?
?who Whom would I report to{of}?
# select: Selection
d = date
s = a day of trial work | two interviews | a test and a talk | one long conversation
> Selection is by [[{s}]] on [[day:{d}]].
> On [[day:{d}]] there will be [[{s}]].
~ Travel costs are paid.
? How are applicants chosen{of}?
? selection procedure{of}
?day When do interviews take place{of}?
# padding: About us
> {employer} has been at home in {place} for three generations.
~ We treat all applications alike.
~ Disabled applicants are preferred if equally suited.
"""
JOBS = (
    "bookkeeper",
    "mechanic",
    "dispatcher",
    "language teacher",
    "night guard",
    "clerk",
    "gardener",
    "nurse",
    "welder",
    "librarian",
    "cook",
    "surveyor",
)


def documents(rng: random.Random) -> Iterator[InventedDocument]:
    """Two or three posts of one employer."""
    shared = {**style(rng), "employer": firm(rng), "place": word(rng)}
    for job in rng.sample(JOBS, rng.choice((2, 3))):
        yield compose(
            rng, genre="job_advert", title=rng.choice((f"{job[:1].upper()}{job[1:]} wanted – {shared['employer']}", f"{shared['employer']}: job description, {job}")),
            topics=read_topics(TOPICS), context={**shared, "job": job}, of=(f" as a {job}", f" for the {job}", f" in the post of {job}"), names=(job,),
            numbering=("{h}", "{h}", "{up}", "{n}. {h}"),
        )  # fmt: skip
