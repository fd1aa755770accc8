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
    /// <param name="times">How often it is made, without a pause.</param>
    /// <exception cref="GpuException">CUDA refused.</exception>
    internal void Launch(nint graph, nint after, nint done, int times = 1)
    {
        lock (_gate)
        {
            if (_stream == 0)
            {
                cuda.Use(device);
                _stream = cuda.CreateStream();
            }

            cuda.HoldBack(_stream, after);
            for (var time = 0; time < times; time++)
            {
                cuda.Launch(graph, _stream);
            }

            cuda.Record(done, _stream);
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
