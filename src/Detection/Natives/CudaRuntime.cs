using System.Runtime.InteropServices;

namespace Nanodet.Detection.Natives;

/// <summary>
/// The few calls of CUDA's runtime library that copies and captured graphs need. ONNX Runtime's provider has loaded the library already;
/// nothing is linked.
/// </summary>
internal sealed unsafe class CudaRuntime
{
    private const uint NonBlocking = 1;
    private const uint SleepsWithoutTimes = 1 | 2;
    private const int ByAddress = 4;
    private const int ThisThreadAlone = 1;

    private readonly delegate* unmanaged<int, int> _setDevice;
    private readonly delegate* unmanaged<nint*, uint, int> _createStream;
    private readonly delegate* unmanaged<nint, int> _destroyStream;
    private readonly delegate* unmanaged<nint, int> _synchronizeStream;
    private readonly delegate* unmanaged<nint, nint, nuint, int, nint, int> _copy;
    private readonly delegate* unmanaged<nint, int, nuint, nint, int> _fill;
    private readonly delegate* unmanaged<nint*, uint, int> _createEvent;
    private readonly delegate* unmanaged<nint, int> _destroyEvent;
    private readonly delegate* unmanaged<nint, nint, int> _record;
    private readonly delegate* unmanaged<nint, nint, uint, int> _waitEvent;
    private readonly delegate* unmanaged<nint, int> _synchronizeEvent;
    private readonly delegate* unmanaged<nint, int, int> _beginCapture;
    private readonly delegate* unmanaged<nint, nint*, int> _endCapture;
    private readonly delegate* unmanaged<nint*, nint, ulong, int> _instantiate;
    private readonly delegate* unmanaged<nint, int> _destroyGraph;
    private readonly delegate* unmanaged<nint, nint, int> _launch;
    private readonly delegate* unmanaged<nint, int> _destroyExecutable;
    private readonly delegate* unmanaged<int> _takeLastError;
    private readonly delegate* unmanaged<int, nint> _describe;

    private CudaRuntime(nint library)
    {
        _setDevice = (delegate* unmanaged<int, int>)NativeLibrary.GetExport(library, "cudaSetDevice");
        _createStream = (delegate* unmanaged<nint*, uint, int>)NativeLibrary.GetExport(library, "cudaStreamCreateWithFlags");
        _destroyStream = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "cudaStreamDestroy");
        _synchronizeStream = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "cudaStreamSynchronize");
        _copy = (delegate* unmanaged<nint, nint, nuint, int, nint, int>)NativeLibrary.GetExport(library, "cudaMemcpyAsync");
        _fill = (delegate* unmanaged<nint, int, nuint, nint, int>)NativeLibrary.GetExport(library, "cudaMemsetAsync");
        _createEvent = (delegate* unmanaged<nint*, uint, int>)NativeLibrary.GetExport(library, "cudaEventCreateWithFlags");
        _destroyEvent = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "cudaEventDestroy");
        _record = (delegate* unmanaged<nint, nint, int>)NativeLibrary.GetExport(library, "cudaEventRecord");
        _waitEvent = (delegate* unmanaged<nint, nint, uint, int>)NativeLibrary.GetExport(library, "cudaStreamWaitEvent");
        _synchronizeEvent = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "cudaEventSynchronize");
        _beginCapture = (delegate* unmanaged<nint, int, int>)NativeLibrary.GetExport(library, "cudaStreamBeginCapture");
        _endCapture = (delegate* unmanaged<nint, nint*, int>)NativeLibrary.GetExport(library, "cudaStreamEndCapture");
        _instantiate = (delegate* unmanaged<nint*, nint, ulong, int>)NativeLibrary.GetExport(library, "cudaGraphInstantiate");
        _destroyGraph = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "cudaGraphDestroy");
        _launch = (delegate* unmanaged<nint, nint, int>)NativeLibrary.GetExport(library, "cudaGraphLaunch");
        _destroyExecutable = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "cudaGraphExecDestroy");
        _takeLastError = (delegate* unmanaged<int>)NativeLibrary.GetExport(library, "cudaGetLastError");
        _describe = (delegate* unmanaged<int, nint>)NativeLibrary.GetExport(library, "cudaGetErrorString");
    }

    /// <summary>Loads the library of a major version; null with the reason when that is not possible.</summary>
    /// <param name="major">CUDA's major version that ONNX Runtime's provider links; null when it is not known.</param>
    /// <param name="problem">Why there is none; empty otherwise.</param>
    internal static CudaRuntime? Load(int? major, out string problem)
    {
        if (major is null)
        {
            problem = "the version of CUDA's runtime library is not known";
            return null;
        }

        var name = OperatingSystem.IsWindows() ? $"cudart64_{major}.dll" : $"libcudart.so.{major}";
        try
        {
            problem = string.Empty;
            return new CudaRuntime(NativeLibrary.Load(name));
        }
        catch (Exception exception) when (
            exception is DllNotFoundException or BadImageFormatException or EntryPointNotFoundException)
        {
            problem = $"{name} cannot be used: {exception.Message}";
            return null;
        }
    }

    /// <summary>Has the calling thread's next calls go to a GPU.</summary>
    /// <exception cref="GpuException">CUDA refused.</exception>
    internal void Use(int device) => Require(_setDevice(device), "cudaSetDevice");

    /// <summary>A stream of its own on the thread's GPU.</summary>
    /// <exception cref="GpuException">CUDA refused.</exception>
    internal nint CreateStream()
    {
        nint stream;
        Require(_createStream(&stream, NonBlocking), "cudaStreamCreate");
        return stream;
    }

    /// <summary>Lets a stream go. What CUDA says is ignored: after a lost GPU it refuses everything.</summary>
    internal void DestroyStream(nint stream) => _ = _destroyStream(stream);

    /// <summary>Waits for everything that was put into a stream.</summary>
    /// <exception cref="GpuException">Something of it failed.</exception>
    internal void Wait(nint stream) => Require(_synchronizeStream(stream), "cudaStreamSynchronize");

    /// <summary>The same after a failure, which has been told.</summary>
    internal void Quiet(nint stream) => _ = _synchronizeStream(stream);

    /// <summary>An event on the thread's GPU; a thread that waits for it leaves the processor to others.</summary>
    /// <exception cref="GpuException">CUDA refused.</exception>
    internal nint CreateEvent()
    {
        nint created;
        Require(_createEvent(&created, SleepsWithoutTimes), "cudaEventCreate");
        return created;
    }

    /// <summary>Lets an event go; what CUDA says is ignored.</summary>
    internal void DestroyEvent(nint created) => _ = _destroyEvent(created);

    /// <summary>Has an event happen when what is in a stream by now is done.</summary>
    /// <exception cref="GpuException">CUDA refused.</exception>
    internal void Record(nint created, nint stream) => Require(_record(created, stream), "cudaEventRecord");

    /// <summary>Has what is put into a stream from now on wait for an event.</summary>
    /// <exception cref="GpuException">CUDA refused.</exception>
    internal void HoldBack(nint stream, nint until) => Require(_waitEvent(stream, until, 0), "cudaStreamWaitEvent");

    /// <summary>Waits for an event.</summary>
    /// <exception cref="GpuException">What led to it failed.</exception>
    internal void WaitFor(nint created) => Require(_synchronizeEvent(created), "cudaEventSynchronize");

    /// <summary>Puts a copy between any two addresses that CUDA knows into a stream.</summary>
    /// <exception cref="GpuException">CUDA refused.</exception>
    internal void Copy(nint stream, nint to, nint from, long bytes) =>
        Require(_copy(to, from, (nuint)bytes, ByAddress, stream), "cudaMemcpyAsync");

    /// <summary>Puts into a stream that memory of the GPU is filled with one byte.</summary>
    /// <exception cref="GpuException">CUDA refused.</exception>
    internal void Fill(nint stream, nint to, byte value, long bytes) => Require(_fill(to, value, (nuint)bytes, stream), "cudaMemsetAsync");

    /// <summary>
    /// Captures what the calling thread puts into a stream as a graph, instead of doing it. Other threads may call CUDA meanwhile: only
    /// this one must do nothing that cannot be captured.
    /// </summary>
    /// <param name="stream">The stream, which nobody else uses.</param>
    /// <param name="work">Puts the work into it; what it throws comes out after the capture has ended.</param>
    /// <returns>The graph, ready to be launched into any stream of the GPU, by any thread, not twice at a time.</returns>
    /// <exception cref="GpuException">It could not be captured.</exception>
    internal nint Capture(nint stream, Action work)
    {
        Require(_beginCapture(stream, ThisThreadAlone), "cudaStreamBeginCapture");
        nint graph = 0;
        int ended;
        try
        {
            work();
        }
        finally
        {
            ended = _endCapture(stream, &graph);
        }

        Require(ended, "cudaStreamEndCapture");
        try
        {
            nint executable;
            Require(_instantiate(&executable, graph, 0), "cudaGraphInstantiate");
            return executable;
        }
        finally
        {
            _ = _destroyGraph(graph);
        }
    }

    /// <summary>Puts a captured graph into a stream.</summary>
    /// <exception cref="GpuException">CUDA refused.</exception>
    internal void Launch(nint executable, nint stream) => Require(_launch(executable, stream), "cudaGraphLaunch");

    /// <summary>Lets a captured graph go; what CUDA says is ignored.</summary>
    internal void DestroyGraph(nint executable) => _ = _destroyExecutable(executable);

    private void Require(int code, string call)
    {
        if (code != 0)
        {
            // ONNX Runtime asks for it after its launches, and would take it for its own.
            _ = _takeLastError();
            throw new GpuException($"CUDA error {code} in {call}: {Marshal.PtrToStringUTF8(_describe(code))}");
        }
    }
}
