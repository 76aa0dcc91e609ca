"""Published measurements against the simulator.

`cases` reads a table without what was measured; `grammar`, `machines`, `models` and `stacks` read its words;
`training`, `serving`, `kernels`, `vision`, `messages`, `tiny` and `accounts` run the simulator on what they say;
`predict` adds the range. `fit` finds what software reaches, by kind of kernel and vintage; `validate` leaves rows out;
`store` writes what follows into data/calibration; `report` and `page` tell it.

A row is added to data/calibration/measurements.csv with its source, then `python -m mlsysim.calibration fit` is run.
"""
