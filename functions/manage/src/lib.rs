//! The function manage.
