namespace Nanodet.Detection.Inference;

/// <summary>A session that is ready for runs of one shape and one size.</summary>
internal interface IShapeSession : IDisposable
{
    /// <summary>Whether a run is the replay of a captured graph.</summary>
    bool IsGraph { get; }

    /// <summary>Why it is not; null where it is.</summary>
    string? Note { get; }

    /// <summary>Runs some images and waits for their output. Safe to call from several threads.</summary>
    /// <param name="images">The input of at most as many images as the session is for; the rest of the run is padding.</param>
    /// <param name="output">Takes the output of these images.</param>
    void Run(ReadOnlySpan<float> images, Span<float> output);

    /// <summary>What a run takes without copies, in seconds: the shortest of several measurements.</summary>
    /// <param name="atLeast">How long they go on; one is made in any case.</param>
    double Measure(TimeSpan atLeast);
}
