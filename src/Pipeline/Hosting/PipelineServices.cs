using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Nanodet.Detection.Batching;
using Nanodet.Detection.Detectors;
using Nanodet.Serverless.Pipeline.Announcing;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Grouping;
using Nanodet.Serverless.Pipeline.JobEnds;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Publishing;
using Nanodet.Serverless.Pipeline.Reading;
using Nanodet.Serverless.Pipeline.Reconciliation;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Registry;
using Nanodet.Serverless.Pipeline.Serving;
using Nanodet.Serverless.Pipeline.Storage;
using Nanodet.Serverless.Pipeline.Telemetry;
using Nanodet.Serverless.Pipeline.Uploads;
using Nanodet.Serverless.Pipeline.Workers;
using Nanodet.Serverless.Pipeline.Writing;

namespace Nanodet.Serverless.Pipeline.Hosting;

/// <summary>Registers the two roles. Both in one process is fine.</summary>
public static class PipelineServices
{
    /// <summary>The configuration section of <see cref="DetectorOptions"/>.</summary>
    public const string DetectorSection = "Nanodet:Detector";

    /// <summary>
    /// Registers what the coordinator needs: storage, messages, grouping, jobs, writing, publishing. Options come from the sections that
    /// their types name, and are checked at start.
    /// </summary>
    /// <param name="services">Has to have a configuration and logging.</param>
    public static IServiceCollection AddNanodetCoordinator(this IServiceCollection services)
    {
        services.AddStorage();
        services.AddChecked<JobOptions>(JobOptions.Section);
        services.AddChecked<ReconcileOptions>(ReconcileOptions.Section);
        services.TryAddSingleton<EventParser>();
        services.TryAddSingleton<ImageGrouper>();
        services.TryAddSingleton<JobStore>();
        services.AddChecked<PublishOptions>(PublishOptions.Section);
        services.TryAddSingleton<CheckpointStore>();
        services.TryAddSingleton<Reconciler>();
        services.TryAddSingleton<UploadSweep>();
        services.TryAddSingleton(provider => new UploadRegister(provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<JobPager>();
        services.TryAddSingleton<ManifestWriter>();
        services.TryAddSingleton<JobExporter>();
        services.AddChecked<JobEndOptions>(JobEndOptions.Section);
        services.TryAddSingleton<JobEndAnnouncer>();
        services.TryAddSingleton<StoredResults>();
        services.TryAddSingleton<ImageLinks>();
        services.TryAddSingleton<ThumbnailStore>();
        services.AddHostedOnce<ImageGrouper>();
        return services;
    }

    /// <summary>Registers what the worker needs: storage, the warm model, batches.</summary>
    /// <param name="services">Has to have a configuration and logging.</param>
    public static IServiceCollection AddNanodetWorker(this IServiceCollection services)
    {
        services.AddStorage();
        services.AddChecked<WorkerOptions>(WorkerOptions.Section);
        services.AddChecked<BatchingOptions>(BatchingOptions.Section);
        services.TryAddSingleton<ModelFetcher>();
        services.TryAddSingleton<ModelLoader>();
        services.TryAddSingleton<ModelSelector>();
        services.TryAddSingleton<OnDemandModels>();
        services.TryAddSingleton<WarmModel>();
        services.TryAddSingleton<WarmDetector>();
        services.TryAddSingleton<BegunBatches>();
        services.TryAddSingleton<ProcessTrace>();
        services.TryAddSingleton<SuspectImages>();
        services.TryAddSingleton<BatchMarks>();
        services.TryAddSingleton<PictureWriter>();
        services.TryAddSingleton<ImageClaims>();
        services.TryAddSingleton<BatchDetection>();
        services.TryAddSingleton<BatchProcessor>();
        services.TryAddSingleton<GpuInstrumentsService>();
        services.AddHostedOnce<GpuInstrumentsService>();
        services.AddHostedOnce<WarmModel>();
        return services;
    }

    /// <summary>
    /// What both roles need: poison messages come to whichever role serves the queue, and a worker writes the results that nobody waits
    /// for any longer.
    /// </summary>
    private static void AddStorage(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddChecked<StorageOptions>(StorageOptions.Section);
        services.AddChecked<DetectorOptions>(DetectorSection);
        services.AddChecked<GroupingOptions>(GroupingOptions.Section);
        services.AddChecked<LogOptions>(LogOptions.Section);
        services.AddChecked<WarmModelOptions>(WarmModelOptions.Section);
        services.TryAddSingleton<StorageClients>();
        services.TryAddSingleton<StorageSetup>();
        services.TryAddSingleton<MessageQueues>();
        services.TryAddSingleton<ModelRegistry>();
        services.TryAddSingleton<ModelPublisher>();
        services.TryAddSingleton<ModelCatalog>();
        services.TryAddSingleton<BatchLists>();
        services.TryAddSingleton<BatchStaging>();
        services.TryAddSingleton<ResultRecords>();
        services.TryAddSingleton<ImageSource>();
        services.TryAddSingleton<JobResults>();
        services.TryAddSingleton<JobLines>();
        services.TryAddSingleton<DetectionWriter>();
        services.TryAddSingleton<PoisonWriter>();
        services.AddHostedService<StorageSetupService>();
    }

    private static void AddChecked<TOptions>(this IServiceCollection services, string section)
        where TOptions : class
    {
        if (!services.Any(service => service.ServiceType == typeof(IConfigureOptions<TOptions>)))
        {
            services.AddOptions<TOptions>().BindConfiguration(section).ValidateDataAnnotations().ValidateOnStart();
        }
    }

    private static void AddHostedOnce<TService>(this IServiceCollection services)
        where TService : class, IHostedService
    {
        if (!services.Any(service => service.ServiceType == typeof(HostedOnce<TService>)))
        {
            services.AddSingleton<HostedOnce<TService>>();
            services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<TService>());
        }
    }

    /// <summary>Marks a service that is registered as hosted.</summary>
    private sealed class HostedOnce<TService>;
}
