namespace Nanodet.Serverless.Pipeline.Reconciliation;

/// <summary>How far a sweep over the images has come. Blob <c>reconcile/progress.json</c> in the container of staging.</summary>
internal sealed record ReconcileProgress
{
    /// <summary>When the sweep before it began: what came due since then is examined. Null examines everything.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>When it began: what comes due later is the next sweep's.</summary>
    public required DateTimeOffset Began { get; init; }

    /// <summary>The container it is in, counted from 0.</summary>
    public int Container { get; init; }

    /// <summary>Where in the container it goes on; null at its begin.</summary>
    public string? Continuation { get; init; }

    /// <summary>Whether it has seen everything.</summary>
    public bool IsFinished { get; init; }
}
