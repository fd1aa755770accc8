using System.Text.Json.Serialization;

namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>The states of a job. In JSON they are written in lower case.</summary>
[JsonConverter(typeof(JobStateConverter))]
public enum JobState
{
    /// <summary>It is under way.</summary>
    Running,

    /// <summary>Every image has its record.</summary>
    Completed,

    /// <summary>It ended early: too many failures, or a fault of the app itself.</summary>
    Failed,

    /// <summary>It was asked to end.</summary>
    Cancelled,

    /// <summary>It came to its end, but the counts do not add up.</summary>
    Inconsistent,
}
