"""Settings: what stands in YAML and on the command line, and errors that name source, key and what is allowed."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from pipelines import config
from pipelines.config import IngestSettings, load_settings
from pipelines.remedies import ConfigError
from pipelines.yaml_values import parsed


def error_of(path: str | None = None, *assignments: str, **overrides: Any) -> str:
    """The one line that wrong settings end with."""
    with pytest.raises(ConfigError) as caught:
        load_settings(path, assignments, {key.replace("__", "."): value for key, value in overrides.items()})
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    return str(caught.value)


def written(tmp_path: Path, text: str) -> str:
    path = tmp_path / "settings.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_nothing_given_is_the_defaults() -> None:
    settings = load_settings(None, [], {})
    assert settings == IngestSettings()
    assert (settings.dedup.threshold, settings.dedup.shingle.size, settings.dedup.scope) == (0.7, 2, "corpus")


def test_a_file_then_assignments_then_options(tmp_path: Path) -> None:
    path = written(tmp_path, "dedup: {threshold: 0.5, minimum_words: 4}\nrun: {id: file, threads: 3}\n")
    settings = load_settings(path, ["dedup.threshold=0.6", "run.id=set"], {"run.id": "option"})
    assert (settings.dedup.threshold, settings.dedup.minimum_words) == (0.6, 4)
    assert (settings.run.id, settings.run.threads) == ("option", 3)


def test_the_last_of_several_assignments_counts() -> None:
    assert load_settings(None, ["dedup.threshold=0.5", "dedup.threshold=0.9"], {}).dedup.threshold == 0.9


def test_an_empty_file_is_the_defaults(tmp_path: Path) -> None:
    assert load_settings(written(tmp_path, "# nothing yet\n"), [], {}) == IngestSettings()


def test_values_are_yaml() -> None:
    settings = load_settings(None, ["input.paths=[a/*.txt, 'نص.txt']", "run.id=null", "dedup.shingle.size=5"], {})
    assert settings.input.paths == ["a/*.txt", "نص.txt"]
    assert (settings.run.id, settings.dedup.shingle.size) == (None, 5)


@given(
    st.sampled_from(["true", "True", "false", "null", "Null", "~", "nan", ".inf", "1e5", "0x1f", "017", "1_000", "off"])
    | st.text("aeflnrstuTNE_.-+~0123456789: ي", max_size=7)
)
def test_a_plain_value_is_what_yaml_makes_of_it(text: str) -> None:
    try:
        meant = parsed(text, "--set")
    except ConfigError:
        meant = ConfigError
    try:
        value = config._parsed(text, "--set")
    except ConfigError:
        value = ConfigError
    assert (type(value), repr(value)) == (type(meant), repr(meant))


def test_an_equals_sign_may_stand_in_the_value() -> None:
    assert load_settings(None, ["output=/data/run=3"], {}).output == "/data/run=3"


@pytest.mark.parametrize(
    ("text", "size"), [("64MB", 64_000_000), ("32MiB", 32 << 20), ("1.5kB", 1500), ("100", 100), ("4096", 4096)]
)
def test_sizes_have_units(tmp_path: Path, text: str, size: int) -> None:
    assert load_settings(None, [f"run.split_bytes={text}"], {}).run.split_bytes == size
    assert load_settings(written(tmp_path, f"run: {{split_bytes: {text}}}"), [], {}).run.split_bytes == size


def test_a_whole_number_is_a_threshold_too() -> None:
    assert load_settings(None, ["dedup.threshold=1"], {}).dedup.threshold == 1.0


def test_settings_are_frozen() -> None:
    settings: Any = IngestSettings()
    with pytest.raises(ValidationError):
        settings.output = "elsewhere"
    with pytest.raises(ValidationError):
        settings.dedup.threshold = 0.1


@given(st.floats(0.001, 1.0), st.integers(1, 64), st.sampled_from(["corpus", "document", "off"]))
def test_settings_survive_yaml(threshold: float, size: int, scope: str) -> None:
    values = {"dedup": {"threshold": threshold, "shingle": {"size": size}, "scope": scope}}
    settings = IngestSettings.model_validate(values)
    assert IngestSettings.model_validate(yaml.safe_load(yaml.safe_dump(settings.model_dump(mode="json")))) == settings


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("dedup: {treshold: 0.8}", "dedup.treshold: unknown key; did you mean dedup.threshold?"),
        ("dedupe: {}", "dedupe: unknown key; did you mean dedup?"),
        ("dedup: {shingle: {n: 3}}", "dedup.shingle.n: unknown key; allowed here: unit, size"),
        ("dedup: {threshold: 1.3}", "dedup.threshold: 1.3 is not allowed: should be less than or equal to 1"),
        ("dedup: {threshold: 0}", "dedup.threshold: 0 is not allowed: should be greater than 0"),
        ("dedup: {threshold: .nan}", "dedup.threshold: nan is not allowed"),
        ("dedup: {threshold: high}", "dedup.threshold: 'high' is not allowed: should be a valid number"),
        ("dedup: {threshold: true}", "dedup.threshold: true is not allowed: should be a valid number"),
        ("dedup: {threshold: '0.8'}", "dedup.threshold: '0.8' is not allowed: should be a valid number"),
        ("dedup: {scope: world}", "dedup.scope: 'world' is not allowed: should be 'corpus', 'document' or 'off'"),
        ("dedup: {minimum_words: 2.5}", "dedup.minimum_words: 2.5 is not allowed: should be a valid integer"),
        ("dedup: 0.8", "dedup: 0.8 is not allowed: it is a section; did you mean dedup.threshold?"),
        ("dedup:", "dedup: an empty value is not allowed: it is a section; its keys are threshold, "),
        ("input: {paths: a.txt}", "input.paths: 'a.txt' is not allowed: should be a valid list"),
        ("input: {paths: [3]}", "input.paths.0: 3 is not allowed: should be a valid string"),
        ("input: {carry: some}", "input.carry: 'some' is not allowed: should be all, none, or a list of columns"),
        ("input: {tables: [{match: a, txt: b}]}", "input.tables.0.txt: unknown key; did you mean input.tables.0.text?"),
        ("input: {tables: [{text: b}]}", "input.tables.0: lacks match"),
        (
            "input: {format: json}",
            "input.format: 'json' is not allowed: should be 'auto', 'bundle', 'jsonl',",
        ),
        ("input: {paragraphs: page}", "input.paragraphs: 'page' is not allowed: should be 'line' or 'blank_line'"),
        ("run: {id: ../out}", "run.id: '../out' is not allowed"),
        ("run: {id: 20261122}", "run.id: 20261122 is not allowed: should be a valid string"),
        ("run: {report: off}", "run.report: 'off' is not allowed: should be a valid boolean"),
        ("run: {split_bytes: 3}", "run.split_bytes: 3 is not allowed: should be greater than or equal to 64"),
        ("run: {split_bytes: 64 parsecs}", "run.split_bytes: '64 parsecs' is not allowed"),
        ("run: {split_bytes: big}", "run.split_bytes: 'big' is not allowed"),
        ("run: {threads: -1}", "run.threads: -1 is not allowed: should be greater than or equal to 0"),
        ("shards: {compression_level: 90}", "shards.compression_level: 90 is not allowed"),
        ("dedup: {threshold: 2, scope: all}", "dedup.scope: 'all' is not allowed"),
        ("{1: 2}", "1: "),
    ],
)
def test_what_is_wrong_in_a_file_is_named(tmp_path: Path, text: str, found: str) -> None:
    path = written(tmp_path, text)
    error = error_of(path)
    assert error.startswith(f"{path}: ")
    assert found in error


def test_a_word_is_that_word(tmp_path: Path) -> None:
    """Not a boolean, or a date, as in YAML 1.1."""
    path = written(tmp_path, "dedup: {scope: off}\nlanguage: {keep: [ar, no]}\nrun: {report: false}\n")
    settings = load_settings(path, ["output=2026-11-22"], {})
    assert (settings.dedup.scope, settings.language.keep) == ("off", ["ar", "no"])
    assert (settings.run.report, settings.output) == (False, "2026-11-22")


def test_every_wrong_value_is_named(tmp_path: Path) -> None:
    error = error_of(written(tmp_path, "dedup: {threshold: 2, scope: all}\nrun: {threads: many}"))
    assert all(key in error for key in ("dedup.threshold", "dedup.scope", "run.threads"))


@pytest.mark.parametrize("text", ["dedup: {", "a: b: c", "\tdedup: 1", "a: !!python/object:os.system x", "a: \x01"])
def test_what_is_not_yaml_is_named(tmp_path: Path, text: str) -> None:
    assert error_of(written(tmp_path, text)).startswith(f"{tmp_path}/settings.yaml: is not YAML: ")


@pytest.mark.parametrize("text", ["- dedup", "dedup", "3"])
def test_what_holds_no_keys_is_named(tmp_path: Path, text: str) -> None:
    assert f"{tmp_path}/settings.yaml: must hold keys and values" in error_of(written(tmp_path, text))


def test_bytes_that_are_not_text_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xff\xfe\xfd")
    assert f"{tmp_path}/a.yaml: is not YAML" in error_of(str(tmp_path / "a.yaml"))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    assert error_of(f"{tmp_path}/none.yaml") == f"{tmp_path}/none.yaml: cannot be read: No such file or directory"
    assert error_of(str(tmp_path)) == f"{tmp_path}: cannot be read: Is a directory"


@pytest.mark.parametrize(
    ("assignment", "found"),
    [
        ("dedup.threshold", "--set dedup.threshold: is not KEY=VALUE; write for example --set dedup.threshold=0.8"),
        ("", "--set : is not KEY=VALUE"),
        ("dedup.threshold=1.3", "--set dedup.threshold=1.3: dedup.threshold: 1.3 is not allowed"),
        ("dedup.treshold=0.8", "--set dedup.treshold=0.8: dedup.treshold: unknown key; did you mean dedup.threshold?"),
        ("threshold=0.8", "threshold: unknown key; did you mean dedup.threshold?"),
        ("dedup.threshold.x=0.8", "dedup.threshold"),
        ("dedup=0.8", "dedup: 0.8 is not allowed"),
        ("output.x=3", "output: "),
        ("=3", "unknown key"),
        ("dedup..threshold=0.8", "unknown key"),
        ("dedup.threshold=[", "--set dedup.threshold=[: is not YAML: line 1, column 2: "),
        ("input.paths=a.txt", "input.paths: 'a.txt' is not allowed: should be a valid list"),
    ],
)
def test_what_is_wrong_with_an_assignment_is_named(assignment: str, found: str) -> None:
    assert found in error_of(None, assignment)


def test_an_assignment_into_a_value_names_it(tmp_path: Path) -> None:
    path = written(tmp_path, "output: out\n")
    assert "--set output.x=3: output is a value, not a section" in error_of(path, "output.x=3")


def test_what_is_wrong_with_an_option_is_named() -> None:
    assert "run.threads: -1 is not allowed" in error_of(run__threads=-1)
    assert "run.id: 'a b' is not allowed" in error_of(run__id="a b")


def test_every_setting_is_described() -> None:
    """`--dry-run` and the documentation show them."""

    def undescribed(model: type[BaseModel], prefix: str) -> list[str]:
        found = []
        for name, field in model.model_fields.items():
            if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
                found += undescribed(field.annotation, f"{prefix}{name}.")
            elif not field.description:
                found.append(prefix + name)
        return found

    assert undescribed(IngestSettings, "") == []


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("~/a/*.txt", "/home/me/a/*.txt"),
        ("$HOME/a", "/home/me/a"),
        ("${HOME}", "/home/me"),
        ("~", "/home/me"),
        ("~you/a", "~you/a"),
        ("$HOMES/a", "$HOMES/a"),
        ("a/~/$HOME", "a/~/$HOME"),
        ("./~", "./~"),
        ("s3://bucket/~/a", "s3://bucket/~/a"),
    ],
)
def test_a_path_may_begin_at_home(given: str, meant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    keys = ("output", "input.root", "segmentation.data", "segmentation.jar", "flink.job_server_jar", "flink.ca_file")
    several = {"input.paths": [given], "dedup.against": [given]}
    settings = load_settings(None, [], {**dict.fromkeys(keys, given), **several})
    found = [settings.output, settings.input.root, settings.segmentation.data, settings.segmentation.jar]
    found += [settings.flink.job_server_jar, settings.flink.ca_file, *settings.input.paths, *settings.dedup.against]
    assert found == [meant] * 8
