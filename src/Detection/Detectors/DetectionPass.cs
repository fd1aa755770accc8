using System.Runtime.ExceptionServices;
using Nanodet.Detection.Images;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Slicing;
using Nanodet.Detection.Telemetry;

namespace Nanodet.Detection.Detectors;

/// <summary>
/// One go of a model over the images of a call that have no outcome yet: those of one tensor shape share runs. What fails comes out, and
/// the outcomes so far stay; the next pass goes on with the others.
/// </summary>
/// <param name="steps">What is done with an image before and after its run.</param>
/// <param name="model">The model.</param>
/// <param name="maxRunSize">The most images and tiles of a run.</param>
/// <param name="outcomes">Takes the outcomes, at the images' places.</param>
/// <param name="cancellationToken">Looked at between images and between runs.</param>
internal sealed class DetectionPass(
    DetectionSteps steps, NanodetModel model, int maxRunSize, DetectionOutcome?[] outcomes, CancellationToken cancellationToken)
    : IDisposable
{
    private readonly ShapeRuns _runs = new(model, maxRunSize);
    private readonly ParallelOptions _parallel = new() { MaxDegreeOfParallelism = steps.Threads, CancellationToken = cancellationToken };

    private DetectorOptions Options => steps.Options;

    /// <summary>Detects.</summary>
    /// <param name="images">All images of the call.</param>
    /// <param name="atOnce">How many may be decoded at the same time.</param>
    internal void Run(IReadOnlyList<EncodedImage> images, int atOnce)
    {
        // A thread alone writes each tensor while the pixels are in its caches, and holds the memory of one image.
        atOnce = steps.Threads == 1 ? 1 : atOnce;
        for (var next = 0; next < images.Count;)
        {
            var chunk = ReadChunk(images, ref next, atOnce, out var bytes);
            try
            {
                using var share = chunk.Count > 0 ? steps.Share(bytes, cancellationToken) : null;
                ForEach(chunk, task => steps.Decode(task, task.Encoded.Span));
                if (Options.Slices is { } slices)
                {
                    FillSliced(chunk, isLast: next == images.Count, slices);
                }
                else
                {
                    Fill(chunk, images.Count - next);
                }
            }
            finally
            {
                chunk.ForEach(task => task.Dispose());
            }

            RunReady();
        }

        Close();
    }

    /// <summary>Detects one image that is decoded already.</summary>
    internal void RunAlone(ImageTask task)
    {
        if (task.Failure is null)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }

        if (Options.Slices is { } slices)
        {
            FillSliced([task], isLast: true, slices);
        }
        else
        {
            Fill([task], later: 0);
        }

        Close();
    }

    /// <summary>Returns the tensors of runs that were not made.</summary>
    public void Dispose() => _runs.Dispose();

    private void Close()
    {
        _runs.Close();
        RunReady();
    }

    /// <summary>
    /// Takes the next images, as many as may be decoded at the same time: together at most <see cref="ImageLimits.MaxPixels"/> and
    /// <see cref="ImageLimits.MaxDecodingBytes"/>, unless it is one alone.
    /// </summary>
    private List<ImageTask> ReadChunk(IReadOnlyList<EncodedImage> images, ref int next, int atOnce, out long bytes)
    {
        var chunk = new List<ImageTask>();
        var pixels = 0L;
        bytes = 0;
        for (; next < images.Count && chunk.Count < atOnce; next++)
        {
            if (outcomes[next] is not null)
            {
                continue;
            }

            try
            {
                var start = steps.Now();
                var image = images[next];
                var header = image.Open(Options.Limits);
                var needed = DetectionSteps.NeedOf(header, image.Bytes.Length, image.IsPacked);
                if (chunk.Count > 0
                    && (pixels + header.Pixels > Options.Limits.MaxPixels || bytes + needed > Options.Limits.MaxDecodingBytes))
                {
                    break;
                }

                pixels += header.Pixels;
                bytes += needed;
                chunk.Add(new ImageTask(next, image.Bytes, header, image.IsPacked)
                {
                    DecodeMs = steps.Milliseconds(start),
                    Name = image.Name,
                });
                image.Release();
            }
            catch (ImageException exception)
            {
                outcomes[next] = DetectionSteps.Failed(exception, default);
            }
        }

        return chunk;
    }

    /// <summary>Gives each decoded image its slot, and writes the tensors.</summary>
    private void Fill(List<ImageTask> decoded, int later)
    {
        for (var i = 0; i < decoded.Count; i++)
        {
            var task = decoded[i];
            if (task.Failure is null)
            {
                _runs.Assign(task, later + decoded.Count - i);
            }
            else
            {
                outcomes[task.Index] = DetectionSteps.Failed(task);
            }
        }

        ForEach(decoded, steps.Preprocess);
    }

    /// <summary>
    /// Gives each tile its slot. The tensors are written, and full runs made, as the tiles come: the memory does not grow with their
    /// number, and the pixels are needed no longer at the end.
    /// </summary>
    private void FillSliced(List<ImageTask> decoded, bool isLast, SliceOptions slices)
    {
        var images = new List<SlicedImage>(decoded.Count);
        foreach (var task in decoded)
        {
            if (TrySlice(task, slices) is { } image)
            {
                images.Add(image);
            }
            else
            {
                outcomes[task.Index] = DetectionSteps.Failed(task);
            }
        }

        var left = images.Sum(image => image.Count);
        var waiting = new List<ImageTask>();
        foreach (var part in images.SelectMany(image => image.Parts(model.Description.Input)))
        {
            _runs.Assign(part, isLast ? left : int.MaxValue);
            left--;
            waiting.Add(part);
            if (_runs.HasReady)
            {
                ForEach(waiting, steps.Preprocess);
                waiting.Clear();
                RunReady();
            }
        }

        ForEach(waiting, steps.Preprocess);
    }

    /// <summary>The tiles of a decoded image; null where it cannot be used.</summary>
    private static SlicedImage? TrySlice(ImageTask task, SliceOptions slices)
    {
        if (task.Failure is null)
        {
            try
            {
                return new SlicedImage(task, TileGrid.Of(task.Geometry.ImageWidth, task.Geometry.ImageHeight, slices));
            }
            catch (ImageException exception)
            {
                task.Failure = exception;
            }
        }

        return null;
    }

    private void RunReady()
    {
        while (_runs.TryTake(out var run))
        {
            using (run)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Run(run);
            }
        }
    }

    private void Run(ShapeRun run)
    {
        var size = run.Tasks.Count;
        var start = steps.Now();
        using var output = model.Run(run.Tensor, size);
        var inferenceMs = steps.Milliseconds(start) / size;
        DetectionTelemetry.BatchFill.Record((double)size / maxRunSize);

        // Not cancelled: what was computed is kept.
        ForEach(run.Tasks, steps.Uncancelled, task =>
        {
            if (steps.Postprocess(task, output, size, inferenceMs) is { } outcome)
            {
                outcomes[task.Index] = outcome;
            }
        });
    }

    private void ForEach(IReadOnlyList<ImageTask> tasks, Action<ImageTask> action) => ForEach(tasks, _parallel, action);

    /// <summary>A parallel loop whose first exception comes out as it is, not in an aggregate.</summary>
    private static void ForEach(IReadOnlyList<ImageTask> tasks, ParallelOptions parallel, Action<ImageTask> action)
    {
        if (tasks.Count <= 1 || parallel.MaxDegreeOfParallelism == 1)
        {
            foreach (var task in tasks)
            {
                parallel.CancellationToken.ThrowIfCancellationRequested();
                action(task);
            }

            return;
        }

        try
        {
            Parallel.ForEach(tasks, parallel, action);
        }
        catch (AggregateException exception)
        {
            ExceptionDispatchInfo.Throw(exception.InnerExceptions[0]);
        }
    }
}
