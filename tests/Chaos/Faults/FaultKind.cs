namespace Nanodet.Serverless.Chaos.Tests.Faults;

/// <summary>What becomes of a request to storage.</summary>
internal enum FaultKind
{
    /// <summary>Nothing: it is passed on, and so is its answer.</summary>
    None,

    /// <summary>Passed on late.</summary>
    Delay,

    /// <summary>503 with code ServerBusy; storage never saw it.</summary>
    Busy,

    /// <summary>500 with code OperationTimedOut; storage never saw it.</summary>
    TimedOut,

    /// <summary>500 with code OperationTimedOut, although storage has done it.</summary>
    TimedOutAfter,

    /// <summary>The connection is reset; storage never saw the request.</summary>
    ResetBefore,

    /// <summary>The connection is reset although storage has done it: the answer is lost.</summary>
    ResetAfter,
}
