"""Tables as people have them: separators, marks, decimal commas, gaps, names of columns."""

import numpy as np
import pandas as pd
import pytest

from lgdcnn_core.tables import Source, UnreadableTable, formula_column, is_table, target_columns


def written(tmp_path, text, name="mine.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    ("text", "name", "encoding", "said"),
    [
        ("formula,Tc\nFe2O3,1.5\nNaN,\n", "a.csv", "utf-8", []),
        ("formula,Tc\nFe2O3,1.5\nNaN,\n", "a.csv", "utf-8-sig", []),
        ("formula\tTc\nFe2O3\t1.5\nNaN\t\n", "a.tsv", "utf-16", ["UTF-16"]),
        ("formula;Tc\nFe2O3;1,5\nNaN;\n", "a.csv", "utf-8", ["semicolons", "decimal commas"]),
        ('formula,Tc\nFe2O3,"1,5"\nNaN,n/a\n', "a.csv", "utf-8", ["decimal commas"]),
        (",formula,Tc\n0,Fe2O3,1.5\n1,NaN,\n", "a.csv", "utf-8", ["index"]),
        ("formula|Tc\r\nFe2O3|1.5\r\nNaN|-\r\n", "a.txt", "utf-8", ["vertical bars"]),
        ("formula,Tc\nFe2O3,1.5\nNaN\n", "a.csv", "utf-8", []),
    ],
)
def test_however_a_text_file_is_written_it_gives_the_same_table_and_says_what_it_assumed(
    tmp_path, text, name, encoding, said
):
    source = Source.of(written(tmp_path, text, name, encoding))
    frame, of_numbers = source.frame()
    assert frame["formula"].tolist() == ["Fe2O3", "NaN"]
    np.testing.assert_array_equal(frame["Tc"], [1.5, np.nan])
    sentences = [*source.said, *of_numbers]
    assert len(sentences) == len(said)
    assert all(word in sentence for word, sentence in zip(said, sentences, strict=True))


@pytest.mark.parametrize("ending", [".xlsx", ".parquet", ".csv.gz"])
def test_other_kinds_of_files_give_the_same_table(tmp_path, ending):
    table = pd.DataFrame({"Composition": ["Fe2O3", "NaN"], "Tc": [1.5, None]})
    path = tmp_path / f"mine{ending}"
    if ending == ".xlsx":
        pytest.importorskip("openpyxl")
        table.to_excel(path, index=False)
    elif ending == ".parquet":
        pytest.importorskip("pyarrow")
        table.to_parquet(path)
    else:
        table.to_csv(path, index=False)
    source = Source.of(path)
    frame, _ = source.frame()
    assert source.formula == "Composition"
    assert source.said == ("formulas are in the column 'Composition'",)
    assert frame["Composition"].tolist() == ["Fe2O3", "NaN"]
    np.testing.assert_array_equal(frame["Tc"].astype(float), [1.5, np.nan])
    assert [len(piece) for piece in source.chunks(1)] == [1, 1]
    assert [piece.index[0] for piece in source.chunks(1)] == [0, 1]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        ("name,Tc\nFe2O3,1\n", "no column 'formula'"),
        ("composition,compound,Tc\nFe2O3,Fe2O3,1\n", "several columns may hold the formulas"),
        ("formula,Tc,Tc\nFe2O3,1,2\n", "one name"),
        ("formula,Tc\nFe2O3,1,2\n", "line 2 has more fields"),
        ("a;b,c;d\n1;2,3;4\n", "separated by commas or semicolons"),
    ],
)
def test_what_it_cannot_decide_is_an_error_that_names_the_file(tmp_path, text, reason):
    path = written(tmp_path, text)
    with pytest.raises(UnreadableTable, match=reason) as caught:
        Source.of(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("value", ["1,234", "-12,500"])
def test_a_comma_that_may_stand_between_thousands_is_not_guessed_at(tmp_path, value):
    source = Source.of(written(tmp_path, f"formula;Tc\nFe2O3;{value}\n"))
    with pytest.raises(UnreadableTable, match="may have a decimal comma or a comma between thousands"):
        source.frame()


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["1,234", "0,5"], [1.234, 0.5]),
        (["1.234,5", "2"], [1234.5, 2.0]),
        (["1 234,5", "-2,25e3"], [1234.5, -2250.0]),
    ],
)
def test_decimal_commas_are_read_where_they_can_be_nothing_else(tmp_path, texts, numbers):
    rows = "".join(f"Fe2O3;{text}\n" for text in texts)
    frame, _ = Source.of(written(tmp_path, f"formula;Tc\n{rows}")).frame()
    assert frame["Tc"].tolist() == numbers


def test_text_that_is_no_number_stays_as_it_is(tmp_path):
    frame, _ = Source.of(written(tmp_path, "formula,note\nFe2O3,red\nNaCl,1.5\n")).frame()
    assert frame["note"].tolist() == ["red", "1.5"]


def test_bytes_of_another_encoding_and_files_of_another_kind_are_refused(tmp_path):
    with pytest.raises(UnreadableTable, match="not in UTF-8"):
        Source.of(written(tmp_path, "formula,µ\nFe2O3,1\n", encoding="latin-1"))
    with pytest.raises(UnreadableTable, match=r"none of \.csv"):
        Source.of(written(tmp_path, "{}", "mine.json"))
    for name in ("mine.xlsx", "mine.parquet"):
        with pytest.raises((UnreadableTable, ImportError), match="mine"):
            Source.of(written(tmp_path, "formula,Tc\n", name))
    with pytest.raises(FileNotFoundError, match="no table at"):
        Source.of(tmp_path / "none.csv")


def test_columns_are_found_by_the_names_that_people_give_them():
    assert formula_column(["Reduced_Formula", "x"]) == "Reduced_Formula"
    assert formula_column(["Formula", "composition"]) == "Formula"
    assert formula_column(["a", "My Column"], "my_column") == "My Column"
    frame = pd.DataFrame({"formula": ["Fe2O3"], "T_c (K)": [1.0], "note": ["red"]})
    assert target_columns(frame, "formula") == ["T_c (K)"]
    assert target_columns(frame, "formula", ["t c (K)"]) == ["T_c (K)"]
    assert target_columns(frame.assign(target=2.0), "formula") == ["target"]
    with pytest.raises(UnreadableTable, match="several columns have numbers"):
        target_columns(frame.assign(E=2.0), "formula")
    with pytest.raises(UnreadableTable, match="no column 'Q'"):
        target_columns(frame, "formula", ["Q"])


def test_names_of_tables_are_not_formulas():
    assert all(is_table(name) for name in ("a.csv", "b.CSV.gz", "c.xlsx", "d.parquet", "e.tsv", "f.txt"))
    assert not any(is_table(name) for name in ("Fe2O3", "CuSO4.5H2O", "Ba0.5Sr0.5TiO3", "NaCl.zip"))
