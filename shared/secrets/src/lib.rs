//! Everything that is drawn, hashed, derived or sealed.
