"""Letters and e-mails on everyday matters; a family is one correspondence."""

from __future__ import annotations

import random
from collections.abc import Iterator

from data.make.draw import MONTHS, firm, person, style, written_date
from data.make.invented import InventedDocument, compose, read_topics

TOPICS = """
# opening: Dear all | Hello | Dear colleague
> From: {sender}. To: {reader}. Date: {written}.
> {sender} to {reader}, {written}
# reason!: Why I am writing | About
v = the order from last week has not arrived | the roof leaks again | I shall be away for a month | the invoice names the wrong sum | our class meets again | I would like to rent your hall
> I am writing because [[{v}]].
> Just a few lines: [[{v}]].
> You will have guessed why you hear from me: [[{v}]].
~ Thank you for your last message.
~ I hope that you are all well.
? Why did {sender} write{of}?
? reason for writing{of}
? What is the letter about{of}?
? What does the writer bring up{of}?
# ask!: A request | My request
v = send me the drawings | let me know who will come | pay half in advance | check the meter | lend us forty chairs | sign the form on page two
d = date
> Could you please [[{v}]] by [[by:{d}]]?
> May I ask you to [[{v}]], at the latest on [[by:{d}]]?
> It would help me if you could [[{v}]] before [[by:{d}]].
~ I know that you have a lot to do.
? What is asked for{of}?
? request made by {sender}{of}
? What does {sender} want {reader} to do{of}?
?by By when is it wanted{of}?
?by deadline in the letter{of}
# meet: Meeting | Let us meet
d = date
t = time 8 20
p = the café by the bridge | my office | the main gate | the second platform | room 214
> I suggest that we meet on [[day:{d}]] at [[time:{t}]] in front of [[where:{p}]].
> How about [[day:{d}]], [[time:{t}]], near [[where:{p}]]?
~ Another day would suit me as well.
?day On what day do they want to meet{of}?
?day date proposed{of}
?time At what time is the meeting proposed{of}?
?where Where should they meet{of}?
?where meeting place{of}
# news: News
n = person
v = has moved to the coast | had twins | retired after thirty years | won the second prize | broke an arm | passed the exam
> You may have heard that [[who:{n}]] [[{v}]].
> By the way, [[who:{n}]] [[{v}]].
~ There is not much else to tell.
? What is the news of {n}{of}?
? What happened to {n}{of}?
?who Of whom is it told that this person {v}{of}?
?who Who {v}{of}?
# money: Money | What it costs
v = money 10 5000 5
w = the tickets | the repair | the room | the paint | the translation
> For [[what:{w}]] I have laid out [[{v}]].
> [[what:{w}]] came to [[{v}]], which I have paid.
~ The receipt is attached.
? How much was laid out for {w}{of}?
? amount paid for {w}{of}
? What does {sender} want to have back{of}?
?what For what was money laid out{of}?
# enclosed: Enclosed | Attachments
v = two photographs and a plan | the contract in three copies | a list of names | the key in a small bag | the minutes
> Enclosed: [[{v}]].
> I attach [[{v}]].
~ Please tell me if something is missing.
? What is enclosed{of}?
? attachments{of}
? What else is in the envelope{of}?
# reach: How to reach me
p = phone
t = time 9 20
> You can reach me on [[{p}]], best after [[time:{t}]].
> My number is [[{p}]]; try after [[time:{t}]].
~ I read my mail in the evening only.
? On which number can {sender} be reached{of}?
? phone number of {sender}{of}
?time When is the best time to ring{of}?
# refuse: I am sorry
v = the date is taken | we have no more of it in stock | my doctor forbids it | the rules do not allow it
o = ask my sister instead | try again in autumn | take the smaller one | come without it
> I am afraid I cannot do what you asked, since [[{v}]]. Perhaps you could [[alt:{o}]].
> My answer is no: [[{v}]]. But do [[alt:{o}]].
~ I hope that you are not angry.
? Why does {sender} refuse{of}?
? reason for the refusal{of}
? What stands in the way of a yes{of}?
?alt What does {sender} suggest instead{of}?
# padding: Kind regards | Closing
> With kind regards, {sender}
~ Greetings to your family.
~ Please excuse my handwriting.
~ It has been raining for days here.
"""


def documents(rng: random.Random) -> Iterator[InventedDocument]:
    """Two to four letters of one correspondence."""
    shared = style(rng)
    one, other = person(rng), rng.choice((person(rng), firm(rng)))
    months = sorted(rng.sample(range(1, 13), rng.choice((2, 3, 4))))
    for i, month in enumerate(months):
        sender, reader = (one, other) if i % 2 == 0 else (other, one)
        written = written_date(rng.randint(1, 28), month, shared["year"], shared["dates"])
        when = f"{MONTHS[month - 1]} {shared['year']}"
        yield compose(
            rng, genre="letter", title=rng.choice((f"E-mail from {sender}, {when}", f"Letter to {reader}, {when}", f"{sender} to {reader}: {when}")),
            topics=read_topics(TOPICS), context={**shared, "sender": sender, "reader": reader, "written": written},
            of=(f" in the letter of {when}", f" in the mail of {when}", f" in {when}"), names=(when,), keep=0.6, numbering=("{h}",),
        )  # fmt: skip
