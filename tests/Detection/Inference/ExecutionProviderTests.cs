using Microsoft.ML.OnnxRuntime;
using Nanodet.Detection.Description;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Natives;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Inference;

public sealed class ExecutionProviderTests
{
    private static bool HasCuda => ProviderProbe.Probe()[1].Usable;

    [Fact]
    public void Probe_AnyMachine_FindsTheCpuAndAReasonForEachOtherProvider()
    {
        var statuses = ProviderProbe.Probe();

        Assert.Equal(["CPU", "CUDA", "TensorRT"], statuses.Select(status => status.Name));
        Assert.True(statuses[0] is { Offered: true, Usable: true, Problem: null }, statuses[0].Problem);
        Assert.All(statuses, status => Assert.Equal(status.Usable, status.Problem is null));
        Assert.All(
            statuses.Where(status => status.MissingLibraries.Count > 0),
            status => Assert.All(status.MissingLibraries, library => Assert.Contains(library, status.Problem, StringComparison.Ordinal)));
    }

    [Fact]
    public void Load_Auto_TakesCudaOrTheCpuAndSaysWhy()
    {
        using var model = NanodetModel.Load(new OnnxTestModel().Build());

        if (HasCuda)
        {
            Assert.Equal(new ProviderSelection("CUDA"), model.Provider);
        }
        else
        {
            Assert.Equal("CPU", model.Provider.Name);
            Assert.Contains("CUDA cannot be used", model.Provider.FallbackReason, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(ExecutionProvider.Cuda, false)]
    [InlineData(ExecutionProvider.TensorRt, false)]
    [InlineData(ExecutionProvider.Auto, true)]
    public void Load_GpuDemanded_NeverFallsBackToTheCpu(ExecutionProvider provider, bool requireGpu)
    {
        var options = new ModelOptions { Provider = provider, RequireGpu = requireGpu };
        NanodetModel? model = null;
        try
        {
            model = NanodetModel.Load(new OnnxTestModel().Build(), options);
            Assert.NotEqual("CPU", model.Provider.Name);
        }
        catch (ModelLoadException exception)
        {
            Assert.Equal(ModelErrorCodes.ProviderUnavailable, exception.Code);
            Assert.Contains("cannot be used", exception.Message, StringComparison.Ordinal);
        }
        finally
        {
            model?.Dispose();
        }
    }

    [Fact]
    public void Load_GpuDemandedOnTheCpu_IsRefused()
    {
        var options = new ModelOptions { Provider = ExecutionProvider.Cpu, RequireGpu = true };

        var exception = Assert.Throws<ModelLoadException>(() => NanodetModel.Load(new OnnxTestModel().Build(), options));

        Assert.Equal(ModelErrorCodes.ProviderUnavailable, exception.Code);
    }

    [Fact]
    public void CreateOn_GpuRequiredAndOnlyTheCpuThere_IsRefusedByOnnxRuntime()
    {
        // What is left when ONNX Runtime drops a GPU provider without an error: a session on the CPU alone.
        var options = new ModelOptions { RequireGpu = true };

        var exception = Assert.Throws<OnnxRuntimeException>(
            () => SessionFactory.CreateOn(ExecutionProvider.Cpu, new OnnxTestModel().Build(), options));

        Assert.Contains("CPU", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadNeeded_SystemLibrary_NamesTheCLibrary()
    {
        var file = Directory.EnumerateFiles(AppContext.BaseDirectory, "libvips.so.42", SearchOption.AllDirectories).FirstOrDefault();
        if (file is null)
        {
            Assert.Skip("only the Linux build brings a shared object");
        }

        Assert.Contains("libc.so.6", SharedObject.ReadNeeded(file));
        Assert.Empty(SharedObject.ReadNeeded(typeof(ExecutionProviderTests).Assembly.Location));
    }
}
