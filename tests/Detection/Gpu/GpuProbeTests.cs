using Nanodet.Detection.Gpu;

namespace Nanodet.Serverless.Detection.Tests.Gpu;

public sealed class GpuProbeTests
{
    private static readonly GpuReading[] OneGpu = [new(0, "Tesla T4", 1, 2, 0)];

    [Theory]
    [InlineData("NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.65.06  Sun Jul 27 07:11:09 UTC 2025\nGCC version:  gcc version 12.2.0", "580.65.06")]
    [InlineData("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  575.57.08  Release Build  (root@host)\n", "575.57.08")]
    [InlineData("NVRM version: none", null)]
    [InlineData("", null)]
    public void FindVersion_FileOfTheKernelModule_IsFound(string text, string? version) => Assert.Equal(version, GpuProbe.FindVersion(text));

    [Theory]
    [InlineData("580.65.06", 13, null)]
    [InlineData("590.1", 13, null)]
    [InlineData("570.86.10", 13, "CUDA 13 needs driver 580 or newer, found 570.86.10")]
    [InlineData("525.60.13", 12, null)]
    [InlineData("470.82.01", 12, "CUDA 12 needs driver 525 or newer, found 470.82.01")]
    public void Probe_Driver_IsHeldAgainstTheProvidersCuda(string version, int cuda, string? problem)
    {
        var status = GpuProbe.Probe(new Driver(version, OneGpu), problem: null, kernelModule: null, cuda);

        Assert.Equal((version, "NVML", problem), (status.DriverVersion, status.Source, status.Problem));
        Assert.Equal("13.0", status.CudaVersion);
    }

    [Theory]
    [InlineData("9.0", true)]
    [InlineData("8.7", true)]
    [InlineData("7.5", true)]
    [InlineData("7.0", false)]
    [InlineData("10.0", false)]
    [InlineData(null, true)]
    public void Probe_Gpu_IsHeldAgainstWhatTheProviderIsCompiledFor(string? capability, bool isServed)
    {
        var gpu = new GpuReading(0, "a GPU", 1, 2, 0) { ComputeCapability = capability is null ? null : Version.Parse(capability) };

        var problem = GpuProbe.Probe(new Driver("580.1", [gpu]), null, null, 13).Problem;

        Assert.Equal(isServed, problem is null);
        if (!isServed)
        {
            Assert.StartsWith($"a GPU has compute capability {capability}; ", problem, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Probe_NoDriver_SaysSo()
    {
        var status = GpuProbe.Probe(driver: null, "the loader does not find it", kernelModule: null, cudaMajor: 13);

        Assert.Equal((null, null, 580, "the loader does not find it"), (status.DriverVersion, status.Source, status.RequiredDriver, status.Problem));
    }

    [Fact]
    public void Probe_KernelModuleWithoutNvml_NamesBoth()
    {
        var status = GpuProbe.Probe(driver: null, "the loader does not find it", "NVRM version: Module  580.65.06  Sun", cudaMajor: 13);

        Assert.Equal("580.65.06", status.DriverVersion);
        Assert.Equal("driver 580.65.06 is there, but the loader does not find it", status.Problem);
    }

    [Fact]
    public void Probe_DriverWithoutGpu_SaysSo() =>
        Assert.Equal("the driver shows no GPU", GpuProbe.Probe(new Driver("580.1", []), null, null, 13).Problem);

    [Fact]
    public void Probe_ThisMachine_NeedsTheDriverOfTheInstalledProvider()
    {
        var status = GpuProbe.Probe();

        Assert.Equal(OperatingSystem.IsLinux() ? 580 : null, status.RequiredDriver);
        Assert.True(status.Problem is null == status.Gpus.Count > 0 || status.DriverVersion is not null, status.Problem);
    }

    [Fact]
    public void TryOpen_LibraryThatIsNone_SaysWhy()
    {
        Assert.False(NvmlDriver.TryOpen("libnanodet-no-such-library.so.1", out var driver, out var problem));
        Assert.Null(driver);
        Assert.Contains("libnanodet-no-such-library.so.1", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void TryOpen_LibraryOfSomethingElse_NamesTheFunctionThatIsMissing()
    {
        var other = OperatingSystem.IsWindows() ? "kernel32.dll" : OperatingSystem.IsMacOS() ? "libSystem.dylib" : "libm.so.6";

        Assert.False(NvmlDriver.TryOpen(other, out _, out var problem));
        Assert.Contains("nvmlInit_v2", problem, StringComparison.Ordinal);
    }

    private sealed class Driver(string version, GpuReading[] gpus) : IGpuDriver
    {
        public string? DriverVersion => version;

        public Version? CudaVersion => new(13, 0);

        public IReadOnlyList<GpuReading> Read() => gpus;
    }
}
