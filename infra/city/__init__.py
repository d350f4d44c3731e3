"""Check the folder of a city, before it is run, tested or packaged: `python -m infra.city PATH`.

    facts       how files are read, and city.json
    areas       areas.geojson
    catalogue   catalogue.json
    texts       texts/<language>.json
    check       all of them

None of these modules imports what reads a city when it is imported: that would be the city that
runs, and not the one that is checked.
"""
