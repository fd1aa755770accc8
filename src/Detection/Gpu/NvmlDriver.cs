using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;

namespace Nanodet.Detection.Gpu;

/// <summary>
/// NVIDIA's management library, which the driver brings along; found and bound when it is asked for, so that a machine without one
/// needs nothing. Names and layouts are those of nvml.h.
/// </summary>
internal sealed unsafe class NvmlDriver : IGpuDriver, IDisposable
{
    private const int Success = 0;
    private const int TextLength = 96;
    private static readonly string Library = OperatingSystem.IsWindows() ? "nvml.dll" : "libnvidia-ml.so.1";

    private readonly nint _library;
    private readonly delegate* unmanaged[Cdecl]<int> _shutdown;
    private readonly delegate* unmanaged[Cdecl]<uint*, int> _count;
    private readonly delegate* unmanaged[Cdecl]<uint, nint*, int> _device;
    private readonly delegate* unmanaged[Cdecl]<nint, byte*, uint, int> _name;
    private readonly delegate* unmanaged[Cdecl]<nint, Memory*, int> _memory;
    private readonly delegate* unmanaged[Cdecl]<nint, Utilization*, int> _utilization;
    private readonly delegate* unmanaged[Cdecl]<nint, int*, int*, int> _capability;
    private readonly Lock _gate = new();
    private bool _isClosed;

    private NvmlDriver(nint library)
    {
        _library = library;
        var start = (delegate* unmanaged[Cdecl]<int>)Find("nvmlInit_v2");
        _shutdown = (delegate* unmanaged[Cdecl]<int>)Find("nvmlShutdown");
        _count = (delegate* unmanaged[Cdecl]<uint*, int>)Find("nvmlDeviceGetCount_v2");
        _device = (delegate* unmanaged[Cdecl]<uint, nint*, int>)Find("nvmlDeviceGetHandleByIndex_v2");
        _name = (delegate* unmanaged[Cdecl]<nint, byte*, uint, int>)Find("nvmlDeviceGetName");
        _memory = (delegate* unmanaged[Cdecl]<nint, Memory*, int>)Find("nvmlDeviceGetMemoryInfo");
        _utilization = (delegate* unmanaged[Cdecl]<nint, Utilization*, int>)Find("nvmlDeviceGetUtilizationRates");
        _capability = (delegate* unmanaged[Cdecl]<nint, int*, int*, int>)Find("nvmlDeviceGetCudaComputeCapability");
        var version = (delegate* unmanaged[Cdecl]<byte*, uint, int>)Find("nvmlSystemGetDriverVersion");
        var cuda = (delegate* unmanaged[Cdecl]<int*, int>)Find("nvmlSystemGetCudaDriverVersion_v2");
        var result = start();
        if (result != Success)
        {
            throw new InvalidOperationException($"{Library} cannot be initialised (nvmlReturn_t {result})");
        }

        var text = stackalloc byte[TextLength];
        DriverVersion = version(text, TextLength) == Success ? Text(text) : null;
        int number;

        // 1000 x major + 10 x minor.
        CudaVersion = cuda(&number) == Success ? new Version(number / 1000, number % 1000 / 10) : null;
    }

    /// <inheritdoc/>
    public string? DriverVersion { get; }

    /// <inheritdoc/>
    public Version? CudaVersion { get; }

    /// <summary>Opens it.</summary>
    /// <param name="driver">The library, to be disposed of.</param>
    /// <param name="problem">Why it cannot be opened.</param>
    internal static bool TryOpen([NotNullWhen(true)] out NvmlDriver? driver, [NotNullWhen(false)] out string? problem) =>
        TryOpen(Library, out driver, out problem);

    /// <summary>Opens a library under another name.</summary>
    internal static bool TryOpen(string library, [NotNullWhen(true)] out NvmlDriver? driver, [NotNullWhen(false)] out string? problem)
    {
        driver = null;
        if (!NativeLibrary.TryLoad(library, out var handle))
        {
            problem = $"the loader does not find {library}: no NVIDIA driver is visible here";
            return false;
        }

        try
        {
            driver = new NvmlDriver(handle);
            problem = null;
            return true;
        }
        catch (Exception exception) when (exception is InvalidOperationException or EntryPointNotFoundException)
        {
            NativeLibrary.Free(handle);
            problem = exception.Message;
            return false;
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<GpuReading> Read()
    {
        lock (_gate)
        {
            uint count;
            if (_isClosed || _count(&count) != Success)
            {
                return [];
            }

            var readings = new List<GpuReading>((int)count);
            var text = stackalloc byte[TextLength];
            for (var i = 0u; i < count; i++)
            {
                nint device;
                Memory memory;
                Utilization utilization;
                int major, minor;
                if (_device(i, &device) == Success && _memory(device, &memory) == Success)
                {
                    readings.Add(new GpuReading(
                        (int)i,
                        _name(device, text, TextLength) == Success ? Text(text) : string.Empty,
                        (long)memory.Used,
                        (long)memory.Total,
                        _utilization(device, &utilization) == Success ? utilization.Gpu / 100.0 : null)
                    {
                        ComputeCapability = _capability(device, &major, &minor) == Success ? new Version(major, minor) : null,
                    });
                }
            }

            return readings;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            if (!_isClosed)
            {
                _isClosed = true;
                _ = _shutdown();
                NativeLibrary.Free(_library);
            }
        }
    }

    private nint Find(string name) => NativeLibrary.GetExport(_library, name);

    private static string Text(byte* text) =>
        Encoding.ASCII.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));

    /// <summary>nvmlMemory_t, in bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Memory
    {
        public ulong Total;
        public ulong Free;
        public ulong Used;
    }

    /// <summary>nvmlUtilization_t, in percent.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Utilization
    {
        public uint Gpu;
        public uint MemoryBandwidth;
    }
}
