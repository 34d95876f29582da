//! What ends a use case that is nobody's fault but ours.

/// Something that we need did not answer, or answered what we cannot read. Nothing was charged that is not counted, and nothing was sent twice.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// The table.
    #[error(transparent)]
    Store(#[from] store::StoreError),
    /// The bucket.
    #[error(transparent)]
    Documents(#[from] documents::DocumentsError),
    /// The keys.
    #[error(transparent)]
    Keys(#[from] secrets::KeyError),
    /// A hash.
    #[error(transparent)]
    Hash(#[from] secrets::HashError),
    /// A sealed secret.
    #[error(transparent)]
    Seal(#[from] secrets::SealError),
    /// The generator.
    #[error(transparent)]
    Draw(#[from] secrets::DrawError),
    /// F-V11: what to wait for lies more than ten minutes ahead; nothing is judged by such a clock.
    #[error(
        "the clocks of two functions differ by more than ten minutes, so no wait can be judged: compare this line's time with the time of day"
    )]
    ClockWrong,
}
