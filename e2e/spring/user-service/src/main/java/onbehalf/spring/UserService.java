package onbehalf.spring;

import static org.springframework.security.oauth2.client.web.client.RequestAttributeClientRegistrationIdResolver.clientRegistrationId;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClientManager;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClientProvider;
import org.springframework.security.oauth2.client.TokenExchangeOAuth2AuthorizedClientProvider;
import org.springframework.security.oauth2.client.web.client.OAuth2ClientHttpRequestInterceptor;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestClient;

/** Exchanges its caller's token and calls message-service with the new one. */
@SpringBootApplication
public class UserService {
  public static void main(String[] args) {
    SpringApplication.run(UserService.class, args);
  }

  @Bean
  SecurityFilterChain security(HttpSecurity http) throws Exception {
    return http.authorizeHttpRequests(
            requests -> requests.requestMatchers("/user/**").hasAuthority("SCOPE_user.read").anyRequest().authenticated())
        .oauth2ResourceServer(server -> server.jwt(Customizer.withDefaults()))
        .oauth2Client(Customizer.withDefaults())
        .build();
  }

  @Bean
  OAuth2AuthorizedClientProvider tokenExchange() {
    return new TokenExchangeOAuth2AuthorizedClientProvider();
  }

  @Bean
  RestClient messageService(
      OAuth2AuthorizedClientManager clients, RestClient.Builder builder, @Value("${message-service}") String url) {
    return builder.baseUrl(url).requestInterceptor(new OAuth2ClientHttpRequestInterceptor(clients)).build();
  }
}

@RestController
class UserController {
  private final RestClient messageService;

  UserController(RestClient messageService) {
    this.messageService = messageService;
  }

  @GetMapping("/user/message")
  String message() {
    return messageService
        .get()
        .uri("/message")
        .attributes(clientRegistrationId("my-token-exchange-client"))
        .retrieve()
        .body(String.class);
  }
}
