using System.Reflection;
using System.Runtime.InteropServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.ML.OnnxRuntime;
using Nanodet.Detection.Natives;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Registry;
using Nanodet.Serverless.Pipeline.Serving;
using Nanodet.Serverless.Pipeline.Tests.Serving;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Pipeline.Tests.Workers;

/// <summary>What fails on the machine is given back, whatever it is; no image gets a record for it.</summary>
public sealed class MachineFaultTests(AzuriteFixture fixture)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Faults => new()
    {
        { nameof(DllNotFoundException), EnvironmentErrorCodes.LibraryMissing },
        { nameof(EntryPointNotFoundException), EnvironmentErrorCodes.LibraryUnusable },
        { nameof(BadImageFormatException), EnvironmentErrorCodes.LibraryUnusable },
        { nameof(TypeInitializationException), EnvironmentErrorCodes.LibraryMissing },
        { nameof(OutOfMemoryException), EnvironmentErrorCodes.OutOfMemory },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Process_MachineFails_GivesTheBatchBackAndGoesOnAfterTheSelfTest(string kind, string code)
    {
        Exception? fault = null;
        Exception? testFault = null;
        await using var app = await TestApp.CreateReadyAsync(fixture, NoWait, services => Replace(services, () => fault, () => testFault));
        var images = new List<ImageMessage>();
        for (var i = 0; i < 4; i++)
        {
            images.Add(await app.UploadAsync($"{kind}/{i}.png"));
        }

        var batch = await app.ListAsync(images);
        (fault, testFault) = (Make(kind), Make(kind));

        // More often than a queue tries a message before it is poison.
        for (var attempt = 0; attempt < 6; attempt++)
        {
            Assert.Null(await app.ProcessAsync(batch));
            await Poll.UntilAsync(() => app.Model.Status.Code == code, $"not ready with {code}, but: {app.Model.Status}", Token);
        }

        Assert.Equal(WarmModelState.NotReady, app.Model.Status.State);
        Assert.NotEmpty(app.Model.Status.Reason!);
        Assert.Empty(await TestApp.ListBlobsAsync(app.Detections));

        (fault, testFault) = (null, null);
        await app.UntilReadyAsync();
        Assert.Equal(new BatchCounts(4, 0, 0), await app.RunAsync(batch));
    }

    [Fact]
    public async Task Process_GpuLostAgainAndAgain_GivesTheBatchBack()
    {
        Exception? fault = null;
        await using var app = await TestApp.CreateReadyAsync(fixture, NoWait, services => Replace(services, () => fault, () => null));
        var batch = await app.ListAsync(await app.UploadAsync("lost.png"));
        fault = OnnxRuntimeFault("CUDA failure 700: an illegal memory access was encountered");

        Assert.Null(await app.ProcessAsync(batch));
        Assert.Empty(await TestApp.ListBlobsAsync(app.Detections));

        fault = null;
        await app.UntilReadyAsync();
        Assert.Equal(new BatchCounts(1, 0, 0), await app.RunAsync(batch));
    }

    [Fact]
    public async Task Start_SelfTestFails_IsNotReadyUntilItPasses()
    {
        Exception? testFault = Make(nameof(DllNotFoundException));
        await using var app = await TestApp.CreateAsync(fixture, replace: services => Replace(services, () => null, () => testFault));
        await app.PublishAsync(TestModel.Bytes);
        await app.Model.StartAsync(Token);

        await Poll.UntilAsync(() => app.Model.Status.FailedTries > 1, $"tried again, but: {app.Model.Status}", Token);
        Assert.Equal(EnvironmentErrorCodes.LibraryMissing, app.Model.Status.Code);
        Assert.Contains("libnanodet-nowhere.so.3", app.Model.Status.Reason, StringComparison.Ordinal);
        Assert.Equal(0, app.Model.Status.Loads);

        testFault = null;
        await app.UntilReadyAsync();
        Assert.Equal(1, app.Model.Status.Loads);
    }

    private static Dictionary<string, string?> NoWait => new() { ["Nanodet:Worker:ReadyWait"] = "00:00:00" };

    private static void Replace(IServiceCollection services, Func<Exception?> fault, Func<Exception?> testFault)
    {
        services.Replace(ServiceDescriptor.Singleton(provider => new WarmModel(
            provider.GetRequiredService<ModelFetcher>(),
            provider.GetRequiredService<ModelLoader>(),
            provider.GetRequiredService<IOptions<WarmModelOptions>>(),
            TimeProvider.System,
            provider.GetRequiredService<ILogger<WarmModel>>(),
            () => Throw(testFault()))));
        new RunFaults { Find = (_, _) => fault() }.AddTo(services);
    }

    private static void Throw(Exception? exception)
    {
        if (exception is not null)
        {
            throw exception;
        }
    }

    private static Exception Make(string kind) => kind switch
    {
        nameof(DllNotFoundException) => Load(),
        nameof(EntryPointNotFoundException) => new EntryPointNotFoundException("Unable to find an entry point named 'decode' in shared library 'x'."),
        nameof(BadImageFormatException) => new BadImageFormatException("An attempt was made to load a program with an incorrect format."),
        nameof(TypeInitializationException) => new TypeInitializationException("Some.Decoder", Load()),
        _ => new InsufficientMemoryException("A tensor: expected 5 bytes of memory, found less."),
    };

    /// <summary>ONNX Runtime keeps its exception's constructor to itself.</summary>
    private static OnnxRuntimeException OnnxRuntimeFault(string message)
    {
        var constructor = Assert.Single(typeof(OnnxRuntimeException).GetConstructors(BindingFlags.Instance | BindingFlags.NonPublic));
        var code = Enum.ToObject(constructor.GetParameters()[0].ParameterType, 1);
        return (OnnxRuntimeException)constructor.Invoke([code, message]);
    }

    private static Exception Load() => Record.Exception(() => NativeLibrary.Load("libnanodet-nowhere.so.3"))!;
}
