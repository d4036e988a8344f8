"""A table whose columns are as wide as what is in them, up to a bound, from the first time that it is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.text import Text
from textual.widgets import DataTable

from placet_api.cli.output import Cell, plain

_WIDEST = 48


class RowTable(DataTable[Text]):
    """Rows by their keys; one of them is lit."""

    def __init__(self) -> None:
        super().__init__(cursor_type="row", zebra_stripes=True)

    def begin(self, titles: Sequence[str]) -> None:
        """Begin anew, with these columns."""
        self.clear(columns=True)
        for place, title in enumerate(titles):
            self.add_column(Text(title), width=len(title), key=str(place))

    def put(self, rows: Iterable[tuple[str, Sequence[Cell]]]) -> None:
        """Add rows behind those that there are; one that is there already changes in its place."""
        for key, cells in rows:
            texts = [each if isinstance(each, Text) else Text(plain(each)) for each in cells]
            self._widen(texts)
            if key in self.rows:
                for place, text in enumerate(texts):
                    self.update_cell(key, str(place), text)
            else:
                self.add_row(*texts, key=key)

    def _widen(self, cells: Sequence[Text]) -> None:
        for column, cell in zip(self.ordered_columns, cells, strict=True):
            wanted = min(cell.cell_len, _WIDEST)
            if column.width < wanted:
                column.width = wanted
                self.notify_style_update()  # what is drawn already is drawn again

    def lit(self) -> str | None:
        """The key of the row that is lit."""
        if not self.row_count:
            return None
        return self.coordinate_to_cell_key(self.cursor_coordinate).row_key.value

    def light(self, key: str | None, otherwise: int = 0) -> None:
        """Go to a row; to a place where there is none of that key."""
        if self.row_count:
            place = self.get_row_index(key) if key is not None and key in self.rows else otherwise
            self.move_cursor(row=place, animate=False)
