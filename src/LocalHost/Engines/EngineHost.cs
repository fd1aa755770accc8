using Microsoft.Azure.WebJobs;
using Microsoft.Azure.WebJobs.Extensions.DurableTask;
using Microsoft.Azure.WebJobs.Extensions.Timers;
using Microsoft.Azure.WebJobs.Host;
using Microsoft.Azure.WebJobs.Host.Config;
using Microsoft.Azure.WebJobs.Host.Executors;
using Microsoft.Azure.WebJobs.Host.Storage;
using Microsoft.Azure.WebJobs.Host.Timers;
using Microsoft.Azure.WebJobs.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nanodet.Serverless.LocalHost.Functions;
using Nanodet.Serverless.LocalHost.Processes;
using Nanodet.Serverless.LocalHost.Settings;

namespace Nanodet.Serverless.LocalHost.Engines;

/// <summary>The official engines over the emitted functions: the WebJobs SDK with its listeners, and the Durable extension.</summary>
internal sealed class EngineHost : IAsyncDisposable
{
    // A dead host's locks on timers and container scans are free after this; 60 s is the engine's default.
    private static readonly TimeSpan LockPeriod = TimeSpan.FromSeconds(15);

    private readonly IHost _host;
    private readonly Type _emitted;
    private readonly LoggingExceptionHandler _failures;
    private bool _started;

    private EngineHost(IHost host, Type emitted)
    {
        _host = host;
        _emitted = emitted;
        _failures = (LoggingExceptionHandler)host.Services.GetRequiredService<IWebJobsExceptionHandler>();
    }

    /// <summary>Completes with the reason when a listener has stopped for good.</summary>
    public Task<Exception> Broken => _failures.Broken;

    public static EngineHost Create(
        IReadOnlyList<FunctionDefinition> functions,
        FunctionInvoker invoker,
        HostSettings settings,
        string hostId,
        WebHooks webHooks,
        ILoggerFactory loggerFactory)
    {
        var emitted = FunctionEmitter.Emit(functions, settings.Resolve);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddConfiguration(settings.Configuration);

        // The engine knows one spelling of this setting.
        builder.Configuration.AddInMemoryCollection(functions.Where(function => function.IsDisabled)
            .Select(function => KeyValuePair.Create($"AzureWebJobs.{function.Name}.Disabled", (string?)"true")));

        builder.Services.AddSingleton<IWebJobsExceptionHandler, LoggingExceptionHandler>();
        var engines = builder.Services.AddWebJobs(_ => { })
            .AddAzureStorageCoreServices().AddAzureStorageBlobs().AddAzureStorageQueues().AddTimers();
        if (functions.Any(UsesDurable))
        {
            engines.AddDurableTask();
        }

        builder.Services.AddHostedService<JobHostService>();
        builder.Services.AddSingleton(loggerFactory);
        builder.Services.AddSingleton(invoker);
        builder.Services.AddSingleton<ITypeLocator>(new FunctionTypeLocator(emitted));
        builder.Services.AddSingleton<IHostIdProvider>(new FixedHostId(hostId));
        builder.Services.AddSingleton<IHostLifetime, DetachedLifetime>();
#pragma warning disable CS0618 // The extensions still ask for it.
        builder.Services.AddSingleton<IWebHookProvider>(webHooks);
#pragma warning restore CS0618
        builder.Services.AddSingleton<ScheduleMonitor>(services =>
            new BlobScheduleMonitor(services.GetRequiredService<IAzureBlobStorageProvider>(), hostId));
        builder.Services.Configure<SingletonOptions>(
            locks => locks.ListenerLockPeriod = locks.ListenerLockRecoveryPollingInterval = LockPeriod);
        if (settings.FunctionTimeout is { } limit)
        {
            builder.Services.Configure<JobHostFunctionTimeoutOptions>(timeout =>
            {
                timeout.Timeout = limit;
                timeout.ThrowOnTimeout = true;
            });
        }

        return new EngineHost(builder.Build(), emitted);
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // The durable engine waits for storage without looking at the token.
        await _host.StartAsync(cancellationToken).WaitAsync(cancellationToken);
        _started = true;
    }

    /// <summary>Stops the listeners and lets running functions finish until the token says otherwise.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => _started ? _host.StopAsync(cancellationToken) : Task.CompletedTask;

    /// <summary>Runs a function that no listener triggers.</summary>
    public Task CallAsync(FunctionDefinition function, object trigger, CancellationToken cancellationToken)
    {
        var arguments = new Dictionary<string, object> { [function.Trigger.Name] = trigger };
        var jobHost = (JobHost)_host.Services.GetRequiredService<IJobHost>();
        return jobHost.CallAsync(_emitted.GetMethod(function.Name)!, arguments, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync();
        }
    }

    private static bool UsesDurable(FunctionDefinition function) =>
        function.Trigger.Is("orchestrationTrigger") || function.Trigger.Is("activityTrigger") || function.Trigger.Is("entityTrigger")
        || function.Inputs.Any(input => input.Is("durableClient"));
}
