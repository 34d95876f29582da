//! HTTP as the functions speak it: requests, responses, problems, cookies, headers.
