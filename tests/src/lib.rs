//! Journeys, races, canaries and pages.
