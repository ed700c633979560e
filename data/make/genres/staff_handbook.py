"""Handbooks for staff; a family is one employer's handbooks of different years or sites."""

from __future__ import annotations

import random
from collections.abc import Iterator

from data.make.draw import firm, style, word
from data.make.invented import InventedDocument, compose, read_topics

TOPICS = """
# hours: Working hours | Time at work
a = time 6 8
b = time 9 10
n = decimal 35 42 1
> Everybody is at work between [[core:{b} and 15:00]]; the week has [[{n} hours]]. Doors open at [[open:{a}]].
> The working week is [[{n} hours]] long. You may come from [[open:{a}]] on, but the time from [[core:{b} to 15:00]] is fixed for all.
> Flexible time starts at [[open:{a}]], core time is [[core:{b}–15:00]], and a full-time week counts [[{n} hours]].
~ Hours are noted in the portal, not on paper.
~ Lunch is not paid working time.
? How many hours a week does full time mean{of}?
? weekly hours{of}
? For how long do people work each week{of}?
?core What is the core time{of}?
?core When must everybody be present{of}?
?open From when on can one start{of}?
?open earliest start{of}
# leave: Annual leave | Holidays | Days off
v = int 22 34
m = the end of March | the end of June | New Year's Eve
carry = int 3 10
> You have [[{v} days]] of leave a year. Up to [[carry:{carry} days]] may be carried over; they lapse at [[lapse:{m}]].
> [[{v} days]] of paid leave are yours each year, of which [[carry:{carry} days]] can be taken into the next, until [[lapse:{m}]].
> Each of us takes [[{v} days]] off a year. What is left ([[carry:{carry} days]] at most) has to be used by [[lapse:{m}]].
~ Leave is agreed with the team first, then entered.
~ Whoever falls ill on leave gets the days back.
? How many days of leave are there{of}?
? annual leave entitlement{of}
? How much time off do I get{of}?
?carry How many days can be carried over{of}?
?carry I could not take all my holidays. What can I save for next year{of}?
?lapse When do unused days lapse{of}?
?lapse carry-over deadline{of}
# sick: Illness | If you fall ill
t = time 7 9
d = int 2 5
> If you are ill, call before [[time:{t}]]. From the [[day:{d}th day]] on a doctor's note is needed.
> Ring your lead by [[time:{t}]] when you cannot come. A certificate is due on the [[day:{d}th day]].
~ Pay goes on for six weeks.
~ Get well first; mail can wait.
?time By when must I call in sick{of}?
?time sick call, latest time{of}
?day From which day is a doctor's certificate required{of}?
?day sick note{of}
?day I have had the flu since yesterday. When do I have to show a paper{of}?
# remote: Working from home | Remote work
v = two days | three days | one day | four days
who = after the trial period | for all teams but the warehouse | once the data training is done
> Up to [[{v}]] a week may be worked from home, [[who:{who}]].
> You can work at home [[{v}]] a week. This holds [[who:{who}]].
> Remote work: [[{v}]] weekly, [[who:{who}]].
~ Screens are lent for use at home.
? How many days a week may I work from home{of}?
? remote work days{of}
? How often can I stay away from the office and still do my job{of}?
?who Under which condition is home office allowed{of}?
?who Who may work remotely{of}?
# expenses: Expenses | Costs that you laid out
v = money 20 200 5
d = span 14 90 days
> Receipts are handed in within [[d:{d}]]. Sums above [[{v}]] need approval first.
> What you spend for us is paid back if the receipt arrives inside [[d:{d}]]; beyond [[{v}]] ask before you buy.
~ Tips are not refunded.
~ Money is refunded with the next salary.
? Above what amount is approval needed{of}?
? expense approval threshold{of}
? What can I buy without asking{of}?
?d How long do I have to hand in receipts{of}?
?d deadline for expense claims{of}
# training: Training | Learning
v = money 300 4000 100
d = int 2 10
> Each year [[d:{d} days]] and [[{v}]] are there for your training.
> A budget of [[{v}]] and [[d:{d} days]] a year are reserved for learning.
~ Courses are chosen with your lead.
? What is the training budget{of}?
? money for courses{of}
? How much may I spend on learning something new{of}?
?d How many days a year may be spent on training{of}?
# trial: Trial period | Probation | First months
v = span 2 9 months
n = span 1 4 weeks
> The first [[{v}]] are a trial, in which both sides may part with [[notice:{n}]]' notice.
> Probation lasts [[{v}]]. During it the notice is [[notice:{n}]].
~ A talk takes place halfway through.
? How long is the probation{of}?
? trial period{of}
? When am I no longer on trial{of}?
?notice What notice applies during probation{of}?
?notice How fast can I quit in my first months{of}?
# pay: Pay | Salary and bonus
day = int 15 28
b = percent 2 14
when = in November | with the December salary | after the accounts are closed
> Salaries arrive on the [[day:{day}th]]. A bonus of up to [[{b}]] is paid [[when:{when}]].
> Payday is the [[day:{day}th]] of the month; [[when:{when}]] there is a bonus of at most [[{b}]].
~ Pay is reviewed once a year.
?day On which day are salaries paid{of}?
?day payday{of}
? How high can the bonus be{of}?
? bonus, upper limit{of}
?when When is the bonus paid{of}?
# parents: Parents | Parental leave
v = span 4 30 weeks
f = span 2 12 weeks
> Mothers take [[{v}]] of paid leave, partners [[partner:{f}]].
> Around a birth we pay [[{v}]] to mothers and [[partner:{f}]] to partners.
~ Adoption counts like birth.
? How long is paid maternity leave{of}?
? maternity weeks{of}
?partner How much paid leave do fathers or partners get{of}?
?partner paternity leave{of}
# safety: Safety | Accidents and fire
a = the car park | the lawn behind the hall | the bus stop | the fountain
p = person
> In case of fire leave at once and meet at [[{a}]]. Accidents are reported to [[who:{p}]].
> Assembly point: [[{a}]]. First aid and accident reports: [[who:{p}]].
~ Lifts are not used when the alarm rings.
? Where do we meet if there is a fire{of}?
? assembly point{of}
? The alarm rings. Where do I go{of}?
?who To whom are accidents reported{of}?
?who first aider{of}
# it: Computers | Passwords and devices
n = int 10 18
d = span 60 365 days
> Passwords have at least [[{n} characters]]; they are changed after [[d:{d}]]. Lost devices are reported to [[who:the service desk]].
> Choose a password of [[{n} characters]] or more, a new one every [[d:{d}]]. If a device is lost, tell [[who:the security team]].
~ Private use of mail is tolerated.
? How long must a password be{of}?
? password length{of}
?d How often are passwords changed{of}?
?who Whom do I tell if my laptop is stolen{of}?
# leaving: Leaving us | Notice
v = span 1 6 months
list = keys, badge and laptop | phone, keys and car | badge and working clothes
> Notice is [[{v}]]. On the last day [[list:{list}]] are handed back.
> Whoever leaves gives [[{v}]]' notice and returns [[list:{list}]].
~ A reference is written for everyone.
? What is the notice after probation{of}?
? notice for resigning{of}
?list What must be returned on the last day{of}?
?list handing back at the end{of}
# gifts: Gifts | Fair dealing
v = money 10 100 5
> Gifts worth more than [[{v}]] are refused or passed on.
> You may keep presents of business friends up to [[{v}]].
~ Cash is never accepted.
? Up to what value may gifts be accepted{of}?
? gift limit{of}
? A customer gave me a fountain pen. Can I keep it{of}?
# padding: About this handbook | Welcome
> Welcome. This handbook says how we work together; ask if something is missing.
~ The works council has agreed to these pages.
~ Changes are announced in the portal.
~ Your lead helps you with all questions.
"""


def documents(rng: random.Random) -> Iterator[InventedDocument]:
    """Two or three handbooks of one employer."""
    shared = style(rng)
    employer = firm(rng)
    sites = rng.random() < 0.5
    first = rng.randint(2010, 2024)
    marks = [word(rng) for _ in range(2)] if sites else [str(first + i) for i in range(rng.choice((2, 3)))]
    for mark in marks:
        yield compose(
            rng, genre="staff_handbook",
            title=f"{employer} staff handbook, {'site ' if sites else 'edition '}{mark}",
            topics=read_topics(TOPICS), context=shared if sites else {**shared, "year": mark},
            of=(f" in {mark}", f" at the {mark} site", f" for those who work in {mark}") if sites
            else (f" in {mark}", f" under the {mark} edition", f" according to the handbook of {mark}"),
            names=(mark,),
        )  # fmt: skip
