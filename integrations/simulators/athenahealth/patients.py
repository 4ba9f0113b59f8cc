"""Reading a patient: an array of one."""

from ..routing import Route
from .call import Call
from .chart import Row


def read_one(call: Call, patientid: str) -> list[Row]:
    row = call.patient(patientid)
    return [patient_row(call, row, previous_ids=call.parameters.flag("showpreviouspatientids"))]


def patient_row(call: Call, row: Row, *, previous_ids: bool) -> Row:
    previous = call.chart.previous_ids.get(row["patientid"])
    return row | ({"previouspatientids": list(previous)} if previous and previous_ids else {})


ROUTES = [Route("GET", "/patients/<patientid>", read_one)]
