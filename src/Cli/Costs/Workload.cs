namespace Nanodet.Serverless.Cli.Costs;

/// <summary>What the deployment has to do and how it is set up.</summary>
internal sealed record Workload
{
    /// <summary>Images a day; 0 for none.</summary>
    public required long ImagesPerDay { get; init; }

    /// <summary>What the workers run on.</summary>
    public required WorkerProfile Profile { get; init; }

    /// <summary>How often a day workers start from zero, all of them together.</summary>
    public int BurstsPerDay { get; init; } = 1;

    /// <summary>Workers that a burst starts.</summary>
    public int WorkersPerBurst { get; init; } = 3;

    /// <summary>basic, standard or premium.</summary>
    public string Registry { get; init; } = "basic";

    /// <summary>Whether storage is behind private endpoints.</summary>
    public bool IsPrivate { get; init; }

    /// <summary>Whether orchestrations are kept in a Durable Task Scheduler, so that the coordinator goes to zero.</summary>
    public bool IsScheduled { get; init; }

    /// <summary>Whether images come by upload, one by one, and not by a job over a prefix.</summary>
    public bool IsByUpload { get; init; } = true;
}
