"""Items of the sample world that tests ask about; its README says what is where."""

REANALYSIS, FORCING, RANKING = "sample/1000030", "sample/1000039", "sample/1000117"
OLD_BATHYMETRY, NEW_BATHYMETRY = "sample/1000013", "sample/1000072"
SURVEY, SEED, EMPTY_STUDY = "sample/1000037", "sample/1000124", "sample/1000123"
