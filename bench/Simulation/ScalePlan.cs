namespace Nanodet.Serverless.Bench.Simulation;

/// <summary>
/// A day's images on deployments of the template: where the first limit is, and how many deployments keep clear of it. The limits of
/// storage are documented targets; that of the coordinator follows from measured times.
/// </summary>
internal sealed class ScalePlan
{
    // https://learn.microsoft.com/azure/storage/common/scalability-targets-standard-account and the pages of queues and tables.
    private const double AccountRequests = 20_000;
    private const double QueueMessages = 2_000;

    // The same page: 25 and 50 Gbps in any region, 60 and 200 in those that it names.
    private const double AccountIngressGbps = 25;
    private const double AccountEgressGbps = 50;
    private const double TableEntities = 2_000;

    // https://learn.microsoft.com/rest/api/storageservices/list-blobs: 5,000 blobs at most in an answer; the app asks for 1,000.
    private const double ListedBlobs = 1_000;

    // A vCPU is half a core. The coordinator has one, and there is one coordinator.
    private const double CoordinatorCores = 0.5;
    private const double CoordinatorMs = 1.3;

    // The only figure for images that come one by one, of an early build: 43 a second on two cores that ran everything else, too. Half of a
    // core is a quarter of them, and the rest of the app takes none of it.
    private const double UploadsPerCore = 21.5;

    private const double OperationsPerImage = 3.8;
    private const double OperationsPerUpload = 6;
    private const double ImagesPerJobBatch = 64;
    private const double ImagesPerUploadBatch = 16;
    private const double MessagesPerBatch = 6;
    private const double EntitiesPerBatch = 20;

    private ScalePlan(long imagesPerDay, double hours, bool isByUpload, double workerRate, ImageTraffic traffic)
    {
        var rate = imagesPerDay / (hours * 3600);
        var batches = rate / (isByUpload ? ImagesPerUploadBatch : ImagesPerJobBatch);
        var operations = OperationsPerImage + (isByUpload ? OperationsPerUpload : 0);
        Rate = rate;
        Demands =
        [
            isByUpload
                ? new("coordinator", rate, CoordinatorCores * UploadsPerCore, "images")
                : new("coordinator", rate, CoordinatorCores * 1000 / CoordinatorMs, "images"),
            new("account", rate * operations, AccountRequests, "requests"),
            new("account, bytes in", Gigabits(rate * traffic.In(operations)), AccountIngressGbps, "Gbit"),
            new("account, bytes out", Gigabits(rate * traffic.Out(operations)), AccountEgressGbps, "Gbit"),
            new("one control queue", batches * MessagesPerBatch, QueueMessages, "messages"),
            new("queue batches", batches, QueueMessages, "messages"),
            new("queues events and images, each", isByUpload ? rate : 0, QueueMessages, "messages"),
            new("one partition of the history", batches * EntitiesPerBatch, TableEntities, "entities"),
            new("listing, one after another", isByUpload ? 0 : rate / ListedBlobs, 10, "pages"),
            new("Event Grid", isByUpload ? rate * 2 : rate, 0, "events"),
        ];
        First = Demands.MaxBy(demand => demand.Share)!;

        // A tenth of what there is stays free: for retries, and for a day that is not like the others.
        Deployments = Math.Max(1, (int)Math.Ceiling(First.Share / 0.9));
        Workers = (int)Math.Ceiling(rate / workerRate);
        WorkerGbps = Gigabits(workerRate * traffic.ImageBytes);
        StoredTib = imagesPerDay * (traffic.ImageBytes + traffic.RecordBytes) / (1L << 40);
    }

    /// <summary>Images per second while there are any.</summary>
    public double Rate { get; }

    /// <summary>What the load asks, of one deployment.</summary>
    public IReadOnlyList<Demand> Demands { get; }

    /// <summary>The part that is nearest to its limit, or furthest beyond.</summary>
    public Demand First { get; }

    /// <summary>Deployments, each with its account and its hub, so that each is within nine tenths of every limit.</summary>
    public int Deployments { get; }

    /// <summary>Workers of all of them together, always busy.</summary>
    public int Workers { get; }

    /// <summary>What a busy worker downloads, in gigabits a second.</summary>
    public double WorkerGbps { get; }

    /// <summary>What the images and records of a day take in storage, in TiB.</summary>
    public double StoredTib { get; }

    /// <summary>Plans a day.</summary>
    /// <param name="imagesPerDay">Images; 1 or more.</param>
    /// <param name="hours">Hours in which they come, evenly; more than 0, at most 24.</param>
    /// <param name="isByUpload">By upload, one by one, and not by jobs.</param>
    /// <param name="workerRate">Images a second of a busy worker.</param>
    /// <param name="traffic">Bytes of an image; null for those that were measured.</param>
    public static ScalePlan For(
        long imagesPerDay, double hours, bool isByUpload, double workerRate, ImageTraffic? traffic = null) =>
        new(imagesPerDay, hours, isByUpload, workerRate, traffic ?? new ImageTraffic());

    private static double Gigabits(double bytes) => bytes * 8 / 1e9;
}
