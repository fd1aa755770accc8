namespace Nanodet.Serverless.Bench.Simulation;

/// <summary>
/// A job, batch by batch: a page is listed, its batches are queued, workers take as many as they hold, run them in parts on their cores,
/// and the coordinator writes the records. A page makes room for the next when its last batch is written.
/// </summary>
internal static class JobSimulation
{
    // A lane takes a part of a batch: about what the batcher gives one thread before another request has its turn.
    private const int PartImages = 8;

    private enum Step
    {
        List,
        Queue,
        Detect,
        Write,
        Done,
    }

    /// <summary>Runs a job to its end.</summary>
    /// <param name="plant">What runs it.</param>
    /// <param name="images">Its images; 1 or more.</param>
    public static SimulatedJob Run(Plant plant, long images)
    {
        var coordinator = new Cores(plant.IsOneMachine ? plant.WorkerCores : plant.CoordinatorCores);
        var workers = Enumerable.Range(0, plant.Workers)
            .Select(_ => plant.IsOneMachine ? coordinator : new Cores(plant.WorkerCores)).ToArray();
        var inHand = new int[plant.Workers];
        var waiting = new Queue<Batch>();
        var events = new PriorityQueue<(Step Step, Batch Batch), (double Time, long Order)>();
        var pages = (long)Math.Ceiling((double)images / plant.PageSize);
        var batchesOfPage = new Dictionary<long, int>();
        long order = 0, nextPage = 0, longest = 0;
        double end = 0;

        void At(double time, Step step, Batch batch) => events.Enqueue((step, batch), (time, order++));

        for (var page = 0; page < Math.Min(pages, plant.PagesInFlight); page++)
        {
            At(0, Step.List, new Batch(nextPage++, 0, 0, 0));
        }

        while (events.TryDequeue(out var item, out var at))
        {
            var (step, batch) = item;
            var now = at.Time;
            switch (step)
            {
                case Step.List:
                    var left = Math.Min(plant.PageSize, images - (batch.Page * plant.PageSize));
                    var count = (int)Math.Ceiling((double)left / plant.BatchSize);
                    batchesOfPage[batch.Page] = count;
                    for (var part = 0; part < count; part++)
                    {
                        // Listing and queueing are a third of what the coordinator does for an image, the record is the rest.
                        var size = (int)Math.Min(plant.BatchSize, left - ((long)part * plant.BatchSize));
                        var queued = coordinator.Run(now, size * plant.Times.CoordinatorMs / 3000);
                        At(queued + plant.PollSeconds, Step.Queue, new Batch(batch.Page, size, 0, queued));
                    }

                    break;

                case Step.Queue:
                    waiting.Enqueue(batch);
                    longest = Math.Max(longest, waiting.Count);
                    Take(now);
                    break;

                case Step.Detect:
                    // Half of the storage's work is reading, half writing.
                    var before = plant.IsOneMachine ? coordinator.Run(now, batch.Images * plant.Times.StorageMs / 2000) : now;
                    var done = before;
                    for (var first = 0; first < batch.Images; first += PartImages)
                    {
                        var part = Math.Min(PartImages, batch.Images - first);
                        done = Math.Max(done, workers[batch.Worker].Run(now, part * plant.Times.WorkerMs / 1000));
                    }

                    At(done, Step.Write, batch);
                    break;

                case Step.Write:
                    inHand[batch.Worker]--;
                    Take(now);
                    var written = coordinator.Run(now, batch.Images * plant.Times.CoordinatorMs / 1500);
                    if (plant.IsOneMachine)
                    {
                        written = Math.Max(written, coordinator.Run(now, batch.Images * plant.Times.StorageMs / 2000));
                    }

                    At(written + plant.PollSeconds, Step.Done, batch);
                    break;

                default:
                    end = now;
                    if (--batchesOfPage[batch.Page] == 0)
                    {
                        batchesOfPage.Remove(batch.Page);
                        if (nextPage < pages)
                        {
                            At(now, Step.List, new Batch(nextPage++, 0, 0, 0));
                        }
                    }

                    break;
            }
        }

        var cores = (plant.WorkerCores * plant.Workers) + (plant.IsOneMachine ? 0 : plant.CoordinatorCores);
        return new SimulatedJob(
            images,
            end,
            longest,
            workers.Distinct().Sum(worker => worker.Busy) / (plant.WorkerCores * plant.Workers * end),
            coordinator.Busy / ((plant.IsOneMachine ? plant.WorkerCores : plant.CoordinatorCores) * end),
            cores);

        void Take(double now)
        {
            // The worker with the most room, so that batches spread as they do over the pollers of a queue.
            while (waiting.Count > 0 && Array.IndexOf(inHand, inHand.Min()) is var worker && inHand[worker] < plant.BatchesInHand)
            {
                inHand[worker]++;
                At(Math.Max(now, plant.StartSeconds), Step.Detect, waiting.Dequeue() with { Worker = worker });
            }
        }
    }

    private readonly record struct Batch(long Page, int Images, int Worker, double QueuedAt);
}
