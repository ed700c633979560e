from ingest.clean import clean_text


def test_control_characters_ligatures_and_lone_surrogates_are_mended() -> None:
    assert clean_text("eﬃcient\x00 ﬁle\u00ad s\ud800 \t two") == "efficient file s two"
