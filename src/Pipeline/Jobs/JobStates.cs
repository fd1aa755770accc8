namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>The states of a job.</summary>
public static class JobStates
{
    /// <summary>It is under way.</summary>
    public const string Running = "running";

    /// <summary>Every image has its record.</summary>
    public const string Completed = "completed";

    /// <summary>It ended early: too many failures, or a fault of the app itself.</summary>
    public const string Failed = "failed";

    /// <summary>It was asked to end.</summary>
    public const string Cancelled = "cancelled";

    /// <summary>It came to its end, but the counts do not add up.</summary>
    public const string Inconsistent = "inconsistent";
}
