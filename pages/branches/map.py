"""Map: units sized by workers and coloured by a metric, on a base of our own; a click opens the unit."""

import streamlit as st

from pages.branches import places
from pages.shared import anatomy, view
from pages.shared.words import _, metric_name

METRICS = ("on_time_rate", "participation_rate", "satisfaction_rate", "adoption_rate", "engagement_index", "employees")

seen = view.current()
anatomy.header(
    _("Map"),
    how=_(
        "A circle's area is the number of workers, its colour the chosen figure; grey is a figure withheld or missing. "
        "A ring with a number holds several units: click it to look closer. The table below says the same in words."
    ),
)
with st.container(horizontal=True, vertical_alignment="bottom"):
    names = {metric: metric_name(metric) for metric in METRICS}
    metric = st.selectbox(
        _("Coloured by"), METRICS, format_func=names.__getitem__, key="map_metric", bind="query-params", width=260
    )
    close = places.closeness(seen)

units = places.located(seen, metric)
if units.is_empty():
    places.nothing(seen)
    st.stop()
places.draw(seen, units, metric, close)
places.legend(seen, units, metric)
places.table(seen, metric)
