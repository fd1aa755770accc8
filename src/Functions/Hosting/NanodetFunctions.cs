using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Nanodet.Serverless.Functions.Batches;
using Nanodet.Serverless.Functions.Http;
using Nanodet.Serverless.Functions.Images;
using Nanodet.Serverless.Functions.Jobs;
using Nanodet.Serverless.Functions.Orchestration;
using Nanodet.Serverless.Functions.Publishing;
using Nanodet.Serverless.Functions.Roles;
using Nanodet.Serverless.Functions.Upkeep;
using Nanodet.Serverless.Pipeline.Hosting;

namespace Nanodet.Serverless.Functions.Hosting;

/// <summary>Registers what the functions of a role call.</summary>
internal static class NanodetFunctions
{
    public const string RoleSetting = "Nanodet:Role";

    // In bytes: more than what any host in front lets through.
    private const int LongestRequestLine = 64 << 10;

    public static void AddNanodet(this FunctionsApplicationBuilder builder)
    {
        builder.UseMiddleware<HttpFailures>();
        var renamed = RenamedSettings.Accept(builder.Configuration);
        var role = builder.Configuration.GetValue(RoleSetting, AppRole.All);
        var services = builder.Services;
        services.AddSingleton(new AppIdentity(role));
        services.AddSingleton<FunctionSwitches>();
        services.AddHostedService<RoleCheck>();
        services.AddSingleton(new SettingNotes.Lines(renamed));
        services.AddHostedService<SettingNotes>();
        services.AddSingleton(new HostWatch.Arguments(Environment.GetCommandLineArgs()));
        services.AddHostedService<HostWatch>();
        services.AddHostedService<HostNameCheck>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddNanodetTelemetry(builder.Configuration, role);
        if (role != AppRole.Worker)
        {
            services.AddNanodetCoordinator();
            services.AddOptions<OrchestrationOptions>()
                .BindConfiguration(OrchestrationOptions.Section).ValidateDataAnnotations().ValidateOnStart();
            services.AddOptions<NightlyOptions>()
                .BindConfiguration(NightlyOptions.Section).ValidateDataAnnotations().ValidateOnStart();
            services.AddOptions<HistoryOptions>()
                .BindConfiguration(HistoryOptions.Section).ValidateDataAnnotations().ValidateOnStart();
            services.AddSingleton<OrchestrationStarter>();
            services.AddSingleton<BatchStarter>();
            services.AddSingleton<LostBatches>();
            services.AddSingleton<LostEvents>();
            services.AddSingleton<ImageIntake>();
            services.AddSingleton<JobClient>();
            services.AddSingleton<CheckpointIntake>();
            services.AddOptions<ConversionSettings>()
                .BindConfiguration(ConversionSettings.Section).ValidateDataAnnotations().ValidateOnStart();
            services.AddSingleton<CalibrationPhotos>();
            services.AddSingleton<CheckpointPublisher>();
        }

        if (role != AppRole.Coordinator)
        {
            services.AddNanodetWorker();
        }

        services.AddOptions<BodyOptions>().BindConfiguration(BodyOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<BodyReader>();

        // The answer about a body that is too large or too slow is the app's, not the server's.
        services.Configure<KestrelServerOptions>(server =>
        {
            server.Limits.MaxRequestBodySize = null;
            server.Limits.MinRequestBodyDataRate = null;

            // A name of 1,024 characters is up to 9,216 in a query, and the host in front has its own limit.
            server.Limits.MaxRequestLineSize = LongestRequestLine;
        });
        services.AddSingleton<BatchEvents>();
    }
}
