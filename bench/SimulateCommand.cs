using System.CommandLine;
using System.Globalization;
using Nanodet.Serverless.Bench.Simulation;

namespace Nanodet.Serverless.Bench;

/// <summary><c>simulate</c>: a job on more machines than there are here.</summary>
internal static class SimulateCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var images = new Option<long>("--images") { Description = "Images of the job.", DefaultValueFactory = _ => 1_000_000 };
        var workers = new Option<int>("--workers") { Description = "Workers.", DefaultValueFactory = _ => 3 };
        var cores = new Option<double>("--worker-cores") { Description = "Cores of a worker; a vCPU is half of one.", DefaultValueFactory = _ => 4 };
        var workerMs = new Option<double>("--worker-ms") { Description = "Processor time of an image in the worker.", DefaultValueFactory = _ => 17.7 };
        var coordinatorCores = new Option<double>("--coordinator-cores") { Description = "Cores of the coordinator.", DefaultValueFactory = _ => 0.5 };
        var coordinatorMs = new Option<double>("--coordinator-ms") { Description = "Its processor time of an image.", DefaultValueFactory = _ => 1.3 };
        var start = new Option<double>("--start") { Description = "Seconds until workers are there.", DefaultValueFactory = _ => 180 };
        var pages = new Option<int>("--pages-in-flight") { Description = "Jobs:PagesInFlight.", DefaultValueFactory = _ => 4 };
        var measured = new ImageTraffic();
        var imageBytes = new Option<double>("--image-bytes") { Description = "Bytes of an image.", DefaultValueFactory = _ => measured.ImageBytes };
        var recordBytes = new Option<double>("--record-bytes") { Description = "Bytes of a record.", DefaultValueFactory = _ => measured.RecordBytes };
        var tables = new Option<bool>("--tables") { Description = "The tables of docs/scale.md, and no job." };
        var command = new Command("simulate", "Simulate a job on workers of some size, from measured times.")
        {
            images, workers, cores, workerMs, coordinatorCores, coordinatorMs, start, pages, imageBytes, recordBytes, tables,
        };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(tables))
            {
                var traffic = new ImageTraffic { ImageBytes = parsed.GetValue(imageBytes), RecordBytes = parsed.GetValue(recordBytes) };
                Console.Write($"{ScaleTable.Figures()}\n{ScaleTable.Limits(traffic)}");
                return 0;
            }

            var plant = new Plant
            {
                Times = new ServiceTimes(parsed.GetValue(workerMs), parsed.GetValue(coordinatorMs), 0),
                Workers = parsed.GetValue(workers),
                WorkerCores = parsed.GetValue(cores),
                CoordinatorCores = parsed.GetValue(coordinatorCores),
                StartSeconds = parsed.GetValue(start),
                PagesInFlight = parsed.GetValue(pages),
                PollSeconds = 0.5,
            };
            var job = JobSimulation.Run(plant, parsed.GetValue(images));
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{job.Images:#,0} images in {TimeSpan.FromSeconds(job.Seconds):d\\.hh\\:mm\\:ss}: {job.Rate:#,0.0} images/s, workers {job.WorkerUse:P0} busy, "
                + $"coordinator {job.CoordinatorUse:P0} busy, {job.LongestQueue:#,0} batches waiting at the most."));
            return 0;
        });
        return command;
    }
}
