namespace Nanodet.Serverless.Chaos.Tests.Audit;

/// <summary>What an account can be wrong about after a run.</summary>
internal enum FindingKind
{
    /// <summary>An image has no record.</summary>
    Lost,

    /// <summary>A record is about content that was overwritten.</summary>
    Stale,

    /// <summary>A record says something else than its image has to get.</summary>
    Wrong,

    /// <summary>A record, or a second one, that nothing was uploaded for.</summary>
    Unexpected,

    /// <summary>A job's results have an image twice.</summary>
    DuplicateLine,

    /// <summary>A job's results lack an image.</summary>
    MissingLine,

    /// <summary>A job's line says something else than the record of its image.</summary>
    DifferingLine,

    /// <summary>A job did not complete, or its counts do not add up.</summary>
    Job,

    /// <summary>A queue holds messages.</summary>
    LeftOverMessage,

    /// <summary>Staging holds what should be gone.</summary>
    LeftOverBlob,

    /// <summary>There are more or fewer dead letters than expected.</summary>
    DeadLetter,

    /// <summary>An orchestration did not complete.</summary>
    Orchestration,
}
