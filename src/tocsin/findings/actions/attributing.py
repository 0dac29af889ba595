"""Whose is it: the answer for every observation of one part of the lake, kept as a part of its own.

An observation never changes; whose address it was may, when the constituency is corrected. So the answer is stored beside it with
the revision of the constituency that gave it, and is computed anew when that changes.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from tocsin.constituency.rules.attribution import AttributionColumns, Attributor
from tocsin.constituency.rules.holdings import Reason
from tocsin.lake.store import Lake, Part

#: One row is one observation with its owner: ``organisation`` is a uid or null (nobody's), ``because`` says why, ``place`` names the
#: network or domain that decided. The other columns are what findings are counted from, so that counting scans one table.
ATTRIBUTION_SCHEMA = pa.schema(
    [
        pa.field("uid", pa.binary(16), nullable=False),
        pa.field("organisation", pa.string()),
        pa.field("because", pa.string(), nullable=False),
        pa.field("place", pa.string()),
        pa.field("asset", pa.string(), nullable=False),
        pa.field("classification", pa.string(), nullable=False),
        pa.field("identifier", pa.string()),
        pa.field("malware", pa.string()),
        pa.field("severity", pa.string()),
        pa.field("source", pa.string(), nullable=False),
        pa.field("feed", pa.string(), nullable=False),
        pa.field("tlp", pa.string(), nullable=False),
        pa.field("pap", pa.string(), nullable=False),
        pa.field("observed_at", pa.timestamp("us", tz="UTC"), nullable=False),
    ]
)
#: An asset that no record names: the log's owner is known, the machine is not.
UNNAMED = "unnamed"

#: Text of the outside world fits the columns of findings, on databases that know no null character too.
_LONGEST = {"asset": 300, "identifier": 200, "malware": 200}
_COPIED = ("classification", "identifier", "malware", "severity", "source", "feed", "tlp", "pap", "observed_at")
#: ``owner`` is what the observing room already knows (the log's owner behind private addresses), by the organisation's uid.
_FITTED = ", ".join(
    f"left(replace({name}, chr(0), '\ufffd'), {longest}) AS {name}" for name, longest in _LONGEST.items()
)
_ROWS = f"""
SELECT * REPLACE ({_FITTED})
FROM (
    SELECT uid, ip_key, host, coalesce(asset, '{UNNAMED}') AS asset, coalesce(asset = host, false) AS is_by_name,
           json_extract_string(details, '$."tocsin.owner"') AS owner, {", ".join(_COPIED)}
    FROM observations
)
"""  # noqa: S608 (constants of this module only)


def attribute_part(lake: Lake, attributor: Attributor, path: str) -> tuple[Part, int]:
    """Stage and publish the attribution of the observations in ``path``; gives the new part and how many rows have an owner.

    Call it inside ``lake.writing()``. The part's name carries the revision, so that a new revision never replaces a file.
    """
    stem = path.rpartition("/")[2].removesuffix(".parquet")
    owned = 0
    with (
        lake.stage("attribution", f"{stem}.r{attributor.revision}", ATTRIBUTION_SCHEMA) as writer,
        lake.batches(_ROWS, {"observations": [path]}) as reader,
    ):
        for batch in reader:
            table = _attributed(batch, attributor)
            owned += table.num_rows - table["organisation"].null_count
            writer.write(table)
    return writer.close().publish(), owned


def _attributed(batch: pa.RecordBatch, attributor: Attributor) -> pa.Table:
    times = batch["observed_at"].cast(pa.timestamp("us")).to_numpy(zero_copy_only=False)
    decided = list(_decided(batch, attributor, times))
    columns = {
        "uid": batch["uid"].cast(pa.binary(16)),
        "organisation": pa.array([organisation for organisation, _, _ in decided], pa.string()),
        "because": pa.array([because for _, because, _ in decided], pa.string()),
        "place": pa.array([place for _, _, place in decided], pa.string()),
        "asset": batch["asset"],
        **{name: batch[name] for name in _COPIED},
    }
    arrays = [columns[field.name].cast(field.type) for field in ATTRIBUTION_SCHEMA]
    return pa.Table.from_arrays(arrays, schema=ATTRIBUTION_SCHEMA)


def _decided(
    batch: pa.RecordBatch, attributor: Attributor, times: np.ndarray
) -> Iterator[tuple[str | None, str, str | None]]:
    """Owner, reason and deciding place of each row. A known owner stands; a name that is the asset decides before its address."""
    keys = np.array([key or b"" for key in batch["ip_key"].to_pylist()], "S16")
    by_address = attributor.attribute_addresses(keys, times)
    by_name = attributor.attribute_names([host or "" for host in batch["host"].to_pylist()], times)
    owners = batch["owner"].to_pylist()
    names_first = batch["is_by_name"].to_pylist()
    has_address = batch["ip_key"].is_valid().to_pylist()
    for row, owner in enumerate(owners):
        if owner:
            yield owner, "log-owner", None
            continue
        name = _answer(by_name, attributor, row, "domain")
        address = _answer(by_address, attributor, row, "network") if has_address[row] else None
        first, second = (name, address) if names_first[row] else (address, name)
        yield first or second or (None, "nobodys", None)


def _answer(columns: AttributionColumns, attributor: Attributor, row: int, kind: str) -> tuple[str, str, str] | None:
    owner, fact = int(columns.owner[row]), int(columns.fact[row])
    if owner < 0:
        return None
    place = attributor.domains[fact].name if kind == "domain" else attributor.networks[fact].cidr
    return str(attributor.owners[owner].uid), f"{Reason(int(columns.reason[row])).name.lower()}-{kind}", place
