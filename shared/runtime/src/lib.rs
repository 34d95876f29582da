//! How a function lives on Lambda: its environment, its AWS clients, its logs and the loop that feeds it.
