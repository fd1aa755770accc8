namespace Nanodet.Serverless.Bench.Simulation;

/// <summary>What runs a job.</summary>
internal sealed record Plant
{
    /// <summary>Processor times of an image.</summary>
    public required ServiceTimes Times { get; init; }

    /// <summary>Workers.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Cores of a worker; vCPU are half a core.</summary>
    public double WorkerCores { get; init; } = 2;

    /// <summary>Cores of the coordinator.</summary>
    public double CoordinatorCores { get; init; } = 2;

    /// <summary>Whether worker, coordinator and storage share the cores of one worker: one machine with Azurite.</summary>
    public bool IsOneMachine { get; init; }

    /// <summary>Batches that a worker has in hand: queues.batchSize of its role in Azure, Worker:ConcurrentBatches at the most.</summary>
    public int BatchesInHand { get; init; } = 2;

    /// <summary>Images of a batch: Jobs:BatchSize.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>Images of a page: Jobs:PageSize.</summary>
    public int PageSize { get; init; } = 1000;

    /// <summary>Pages that are processed at the same time: Jobs:PagesInFlight.</summary>
    public int PagesInFlight { get; init; } = 4;

    /// <summary>Seconds that a message waits to be seen, each time it changes hands: half of the longest pause between two polls.</summary>
    public double PollSeconds { get; init; } = 0.1;

    /// <summary>Seconds from nothing to a worker with a model.</summary>
    public double StartSeconds { get; init; }
}
