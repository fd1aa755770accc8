using System.Diagnostics;
using Nanodet.Detection.Natives;

namespace Nanodet.Detection.Inference;

/// <summary>
/// The stream of a GPU in which the captured runs of a model take turns: one at a time, in the order of their launches, whatever their
/// shapes. Nobody waits for a launch, so the GPU has the next run when one ends. Sessions share the memory of their runs only with
/// themselves, but two runs of one session must never overlap.
/// </summary>
/// <param name="cuda">CUDA's runtime library.</param>
/// <param name="device">The GPU, in the driver's order.</param>
internal sealed class CudaTurns(CudaRuntime cuda, int device) : IDisposable
{
    private readonly Lock _gate = new();
    private nint _stream;

    /// <summary>Has a run follow those before it.</summary>
    /// <param name="graph">The captured run.</param>
    /// <param name="after">An event that it waits for.</param>
    /// <param name="done">An event that happens when it is done.</param>
    /// <exception cref="GpuException">CUDA refused.</exception>
    internal void Launch(nint graph, nint after, nint done)
    {
        lock (_gate)
        {
            Open();
            try
            {
                cuda.HoldBack(_stream, after);
                cuda.Launch(graph, _stream);
                cuda.Record(done, _stream);
            }
            catch (GpuException)
            {
                // The caller takes the run's memory back.
                cuda.Quiet(_stream);
                throw;
            }
        }
    }

    /// <summary>What a run takes, in seconds: several without a pause, when those before them are done; others wait meanwhile.</summary>
    /// <param name="graph">The captured run.</param>
    /// <param name="times">How many.</param>
    /// <exception cref="GpuException">CUDA refused.</exception>
    internal double Measure(nint graph, int times)
    {
        lock (_gate)
        {
            Open();
            cuda.Wait(_stream);
            var start = Stopwatch.GetTimestamp();
            for (var time = 0; time < times; time++)
            {
                cuda.Launch(graph, _stream);
            }

            cuda.Wait(_stream);
            return Stopwatch.GetElapsedTime(start).TotalSeconds / times;
        }
    }

    /// <summary>Called with the gate held.</summary>
    private void Open()
    {
        if (_stream == 0)
        {
            cuda.Use(device);
            _stream = cuda.CreateStream();
        }
    }

    /// <summary>Lets the stream go; no run may be under way.</summary>
    public void Dispose()
    {
        if (_stream != 0)
        {
            cuda.DestroyStream(_stream);
            _stream = 0;
        }
    }
}
