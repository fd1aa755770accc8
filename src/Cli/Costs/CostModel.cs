namespace Nanodet.Serverless.Cli.Costs;

/// <summary>
/// What a deployment uses in a day, times its prices. The quantities are a model: what was measured on one machine is said beside the
/// constant, all else is an assumption. Nothing of it was measured in Azure.
/// </summary>
/// <param name="prices">The prices.</param>
internal sealed class CostModel(PriceList prices)
{
    /// <summary>Days of a month.</summary>
    public const double DaysPerMonth = 365.0 / 12;

    private const double SecondsPerDay = 86_400;
    private const double BytesPerGib = 1L << 30;

    // From the decision of the scaler to a loaded model, and from the last batch to the end of the replica (the template's cooldownPeriod).
    private const double StartSeconds = 180;
    private const double CooldownSeconds = 300;

    // Measured on Azurite with 1,000 photos in a job: 3.8 operations an image. Two write: the record, and the image's share of
    // lists, staging and listings. Uploads add the messages of two queues and the images of small batches.
    private const double WritesPerImage = 2;
    private const double ReadsPerImage = 2;
    private const double QueueOperationsPerUpload = 6;
    private const double TableOperationsPerBatch = 20;
    private const double QueueOperationsPerBatch = 12;
    private const double ImagesPerJobBatch = 64;
    private const double ImagesPerUploadBatch = 16;

    // A start, two activities of two actions each, an event and a timer.
    private const double ActionsPerBatch = 7;

    // Of an upload: taken in, matched by an advanced filter, delivered. The record's own event is taken in and matches nothing.
    private const double EventsPerUpload = 4;
    private const double EventsPerRecord = 1;

    // A record with some detections; spans and metrics with every trace kept (Nanodet:Telemetry:TraceRatio 1).
    private const double RecordBytes = 2_000;
    private const double LogBytesPerImage = 2_500;
    private const double LogBytesPerDay = 50_000_000;

    // Six queue functions and two queues of the engine, asked once a second.
    private const double IdlePollsPerSecond = 8;

    // Seven queries and the metric of Event Grid; one more asks for a GPU, one whether a coordinator that is always there is silent.
    private const double AlertRules = 8;
    private const double PrivateEndpoints = 3;
    private const double CoordinatorCores = 1;
    private const double CoordinatorGib = 2;

    // Ten minutes of an hour, and the cool-down.
    private const double ScheduledShare = 0.25;

    /// <summary>The bill of a day.</summary>
    /// <param name="workload">What the deployment has to do.</param>
    public CostReport Estimate(Workload workload)
    {
        var images = (double)workload.ImagesPerDay;
        var profile = workload.Profile;
        var used = new SortedSet<string>(StringComparer.Ordinal);
        var lines = new List<CostLine>();

        var detecting = images / profile.ImagesPerSecond;
        var starting = images > 0 ? workload.BurstsPerDay * workload.WorkersPerBurst * (StartSeconds + CooldownSeconds) : 0;
        Replicas("workers that detect", detecting, profile.Cores, profile.MemoryGib, profile.Gpu);
        Replicas("workers that start and cool down", starting, profile.Cores, profile.MemoryGib, profile.Gpu);

        var awake = SecondsPerDay * (workload.IsScheduled ? ScheduledShare : 1);
        Replicas("coordinator", awake, CoordinatorCores, CoordinatorGib, null);

        var batches = images / (workload.IsByUpload ? ImagesPerUploadBatch : ImagesPerJobBatch);
        Operations("writes and lists of blobs", images * WritesPerImage, "blobWrites");
        Operations("reads of blobs", images * ReadsPerImage, "blobReads");
        Operations(
            "operations on queues",
            (workload.IsByUpload ? images * QueueOperationsPerUpload : 0)
                + (batches * (workload.IsScheduled ? 2 : QueueOperationsPerBatch)) + (IdlePollsPerSecond * awake),
            "queueOperations");
        if (workload.IsScheduled)
        {
            Each("actions of the scheduler", batches * ActionsPerBatch, 1_000_000, "schedulerActions");
        }
        else
        {
            Operations("operations on tables", batches * TableOperationsPerBatch, "tableOperations");
        }

        Each("operations of Event Grid", images * (workload.IsByUpload ? EventsPerUpload : EventsPerRecord), 1_000_000, "eventOperations");
        Each("logs, bytes", (images * LogBytesPerImage) + LogBytesPerDay, BytesPerGib, "logGib");
        Each("records of a month, bytes", images * RecordBytes * DaysPerMonth, BytesPerGib * DaysPerMonth, "storedGibMonth");
        Each("registry, days", 1, 1, $"registry{char.ToUpperInvariant(workload.Registry[0])}{workload.Registry[1..]}Day");
        if (workload.IsPrivate)
        {
            Each("private endpoints, hours", PrivateEndpoints * 24, 1, "privateEndpointHour");
        }

        var alertRules = AlertRules + (profile.Gpu is null ? 0 : 1) + (workload.IsScheduled ? 0 : 1);
        Each("alert rules", alertRules, DaysPerMonth, "alertRuleMonth");
        var perDay = lines.Sum(line => line.PerDay);
        return new CostReport
        {
            ImagesPerDay = workload.ImagesPerDay,
            Profile = profile.Name,
            ImagesPerSecond = profile.ImagesPerSecond,
            PricesOf = prices.Date,
            Currency = prices.Currency,
            Lines = lines,
            PerDay = perDay,
            PerMonth = perDay * DaysPerMonth,
            PerMillionImages = images > 0 ? perDay / images * 1_000_000 : null,
            AssumedPrices = [.. used],
        };

        void Operations(string item, double quantity, string price) => Each(item, quantity, 10_000, price);

        void Each(string item, double quantity, double units, string name)
        {
            Use(name);
            lines.Add(new CostLine(item, quantity, prices[name].Unit, quantity / units * prices[name].Amount, prices[name].Source is null));
        }

        void Replicas(string item, double seconds, double cores, double memoryGib, string? gpu)
        {
            string[] names = gpu is null ? ["vcpuSecond", "gibSecond"] : ["vcpuSecond", "gibSecond", gpu];
            Array.ForEach(names, Use);
            var perSecond = (cores * prices["vcpuSecond"].Amount) + (memoryGib * prices["gibSecond"].Amount)
                + (gpu is null ? 0 : prices[gpu].Amount);
            lines.Add(new CostLine(
                item, seconds, "second of a replica", seconds * perSecond, names.Any(name => prices[name].Source is null)));
        }

        void Use(string name)
        {
            if (prices[name].Source is null)
            {
                used.Add(name);
            }
        }
    }
}
