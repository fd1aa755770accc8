namespace Nanodet.Detection.Inference;

/// <summary>A session that is ready for runs of one shape and one size.</summary>
internal interface IShapeSession : IDisposable
{
    /// <summary>Whether a run is the replay of a captured graph.</summary>
    bool IsGraph { get; }

    /// <summary>Runs some images and waits for their output. Safe to call from several threads.</summary>
    /// <param name="images">The input of at most as many images as the session is for; the rest of the run is padding.</param>
    /// <param name="output">Takes the output of these images.</param>
    void Run(ReadOnlySpan<float> images, Span<float> output);

    /// <summary>Makes runs cheaper, when that can be done now without disturbing others; called again later where it cannot.</summary>
    /// <param name="problem">Why it will never be done; null where it was, or may be.</param>
    /// <returns>False when it has to be tried again.</returns>
    bool TryCapture(out string? problem);

    /// <summary>What a run takes without copies, in seconds.</summary>
    double Measure();
}
