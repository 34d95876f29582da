//! The function authorize.
