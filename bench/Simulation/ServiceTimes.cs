namespace Nanodet.Serverless.Bench.Simulation;

/// <summary>Processor time of an image in each part of the app, as measured in a job.</summary>
/// <param name="WorkerMs">Download, decode, warp, run, post-process; milliseconds of one core.</param>
/// <param name="CoordinatorMs">Listing, orchestrations, records; milliseconds of one core.</param>
/// <param name="StorageMs">Azurite's, where storage runs on the same processors; milliseconds of one core.</param>
internal sealed record ServiceTimes(double WorkerMs, double CoordinatorMs, double StorageMs);
