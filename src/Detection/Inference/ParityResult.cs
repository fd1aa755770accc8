using Nanodet.Detection.Description;

namespace Nanodet.Detection.Inference;

/// <summary>What replaying a parity fixture showed.</summary>
/// <param name="HasFixture">False for a foreign model, which carries none: only its class columns were checked.</param>
/// <param name="ValuesCompared">How many output values were compared with the fixture.</param>
/// <param name="Disagreements">How many of them lie outside the tolerance.</param>
/// <param name="LargestDifference">The largest absolute difference among them.</param>
/// <param name="Problem">Why the model must not serve; null when it may.</param>
public sealed record ParityResult(
    bool HasFixture,
    int ValuesCompared,
    int Disagreements,
    float LargestDifference,
    string? Problem)
{
    /// <summary>True when the model may serve.</summary>
    public bool Passed => Problem is null;

    /// <summary>Throws unless the model may serve.</summary>
    /// <exception cref="ModelLoadException"><see cref="ModelErrorCodes.ParityFailed"/>.</exception>
    public void EnsurePassed()
    {
        if (Problem is not null)
        {
            throw new ModelLoadException(ModelErrorCodes.ParityFailed, Problem);
        }
    }
}
