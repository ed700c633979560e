"""Sign-in: two people in one library, neither of whom finds anything of the other's."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.application import Application
from app.settings import read_settings
from app.visitors import Visitor, authorize, private, visitor_of
from app.wiring import open_application
from ingest.errors import NotAllowed
from ingest.questions import PassageMark, Thumb

ANNA = Visitor(key="aaaaaaaaaaaa", name="Anna")
BERT = Visitor(key="bbbbbbbbbbbb", name="Bert")
QUESTION = "How is the valve of reactor seven opened?"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    application = open_application(read_settings(home=tmp_path_factory.mktemp("visitors")))
    for app, text in (
        (private(application, ANNA), "The valve of reactor seven is opened with the brass wheel."),
        (private(application, BERT), "The valve of reactor seven is opened with the iron lever."),
    ):
        added = app.library.add(text.encode(), "valve.txt", collection="default")
        application.library.wait_for(added.document.id)
    shared = application.library.add(b"Reactor seven stands beside the harbour gate.", "site.txt", collection="shared")
    application.library.wait_for(shared.document.id)
    yield application
    application.close()


@pytest.fixture
def anna(whole: Application) -> Application:
    return private(whole, ANNA)


@pytest.fixture
def bert(whole: Application) -> Application:
    return private(whole, BERT)


def asked(app: Application) -> tuple[str, str]:
    stream = app.engine.ask(QUESTION)
    assert stream.answer.text
    return stream.record_id, stream.conversation_id


def test_each_sees_their_own_documents_and_the_shared_ones_under_the_names_they_gave(
    anna: Application, bert: Application
) -> None:
    for app in (anna, bert):
        assert {(row.name, row.collection) for row in app.store.documents()} == {
            ("valve.txt", "default"),
            ("site.txt", "shared"),
        }
        assert sorted(app.library.collections()) == ["default", "shared"]


def test_a_question_finds_nothing_of_another_persons(anna: Application, bert: Application) -> None:
    texts = [chunk.text for chunk in anna.engine.retrieve(QUESTION).evidence.chunks]
    assert any("brass" in text for text in texts)
    assert not any("iron" in text for text in texts)
    assert not any("brass" in chunk.text for chunk in bert.engine.retrieve(QUESTION).evidence.chunks)


def test_someone_without_documents_searches_the_shared_ones_only(whole: Application) -> None:
    newcomer = private(whole, Visitor(key="cccccccccccc", name="Cleo"))
    assert {chunk.document_name for chunk in newcomer.engine.retrieve(QUESTION).evidence.chunks} == {"site.txt"}


def test_an_empty_library_without_shared_documents_finds_nothing(tmp_path: Path) -> None:
    application = open_application(read_settings(home=tmp_path))
    try:
        added = private(application, ANNA).library.add(b"The valve is opened by hand.", "a.txt", collection="default")
        application.library.wait_for(added.document.id)
        assert not len(private(application, BERT).engine.retrieve("How is the valve opened?").evidence)
    finally:
        application.close()


def test_another_persons_document_cannot_be_read_searched_or_changed_by_its_id(
    anna: Application, bert: Application
) -> None:
    theirs = next(row for row in bert.store.documents() if row.collection == "default")
    chunk = next(chunk for chunk in bert.engine.retrieve(QUESTION).evidence.chunks if chunk.document_id == theirs.id)
    for forbidden in (
        lambda: anna.library.file_bytes(theirs.id),
        lambda: anna.library.passages(theirs.id, 1),
        lambda: anna.library.page_png(theirs.id, 1),
        lambda: anna.library.delete(theirs.id),
        lambda: anna.library.retry(theirs.id),
        lambda: anna.library.cancel(theirs.id),
        lambda: anna.engine.retrieve(QUESTION, document_ids=[theirs.id]),
        lambda: anna.engine.ask(QUESTION, document_ids=[theirs.id]),
    ):
        with pytest.raises(NotAllowed):
            forbidden()
    assert anna.store.chunks([chunk.id]) == []
    assert anna.store.neighbours(chunk) == []


def test_another_persons_collection_named_outright_gives_nothing_of_theirs(anna: Application) -> None:
    found = anna.engine.retrieve(QUESTION, collections=[f"{BERT.key}/default"])
    assert not len(found.evidence)


def test_the_shared_collection_is_read_by_all_and_changed_by_nobody(anna: Application) -> None:
    shared = next(row for row in anna.store.documents() if row.collection == "shared")
    assert b"harbour" in anna.library.file_bytes(shared.id)
    with pytest.raises(NotAllowed, match="shared"):
        anna.library.delete(shared.id)
    with pytest.raises(NotAllowed, match="shared"):
        anna.library.add(b"mine", "mine.txt", collection="shared")


def test_conversations_and_judgements_belong_to_who_asked(anna: Application, bert: Application) -> None:
    question_id, conversation_id = asked(bert)
    assert conversation_id in {row.id for row in bert.journal.conversations()}
    assert conversation_id not in {row.id for row in anna.journal.conversations()}
    assert question_id not in {row.id for row in anna.journal.questions()}
    assert anna.journal.questions(conversation_id=conversation_id) == []
    now = datetime.now(UTC)
    mark = PassageMark(question_id=question_id, chunk_id="c", relevant=True, document="d", page=1, at=now)
    for forbidden in (
        lambda: anna.journal.question(question_id),
        lambda: anna.journal.thumb(Thumb(question_id=question_id, value=1, at=now)),
        lambda: anna.journal.remove_thumb(question_id),
        lambda: anna.journal.mark(mark),
        lambda: anna.journal.remove_mark(question_id, "c"),
        lambda: anna.journal.delete_conversation(conversation_id),
        lambda: anna.engine.ask("and then?", conversation_id=conversation_id),
    ):
        with pytest.raises(NotAllowed):
            forbidden()
    bert.journal.thumb(Thumb(question_id=question_id, value=1, at=now))
    found = bert.journal.question(question_id)
    assert found
    assert found.thumb


def test_what_nobody_opened_is_closed(anna: Application) -> None:
    for forbidden in (
        lambda: anna.store.encoded_chunks("x"),
        lambda: anna.versions.rollback("fusion"),
        lambda: anna.library.delete_collection("default"),
        lambda: anna.journal.export(),
        lambda: anna.journal.rollback("fusion"),
    ):
        with pytest.raises(NotAllowed):
            forbidden()


def test_a_visitor_is_who_the_provider_names_and_nobody_else() -> None:
    assert visitor_of({}) is None
    assert visitor_of({"is_logged_in": False, "sub": "1"}) is None
    assert visitor_of({"is_logged_in": True}) is None
    first = visitor_of({"is_logged_in": True, "iss": "https://a", "sub": "1", "name": "Anna", "email": "a@b"})
    renamed = visitor_of({"is_logged_in": True, "iss": "https://a", "sub": "1", "name": "Anna B."})
    other = visitor_of({"is_logged_in": True, "iss": "https://b", "sub": "1", "name": "Anna"})
    assert first
    assert renamed
    assert other
    assert first.key == renamed.key != other.key


def test_nothing_is_allowed_where_nothing_is_named() -> None:
    with pytest.raises(NotAllowed):
        authorize(ANNA)
    with pytest.raises(NotAllowed):
        authorize(ANNA, collection="default")
    with pytest.raises(NotAllowed):
        authorize(ANNA, collection=f"{BERT.key}/default")
    authorize(ANNA, collection=f"{ANNA.key}/default", change=True)
